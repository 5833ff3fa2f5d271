"""The literature that measures rest on, once, by the name under which it is cited."""

from __future__ import annotations

REFERENCES = {
    "Brier 1950": "Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather Rev 1950;78:1-3.",
    "Wilson 1927": "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc "
    "1927;22:209-12.",
    "Good 1952": "Good IJ. Rational decisions. J R Stat Soc B 1952;14:107-14.",
    "Cox 1958": "Cox DR. Two further applications of a model for binary regression. Biometrika 1958;45:562-5.",
    "Hanley and McNeil 1982": "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating "
    "characteristic (ROC) curve. Radiology 1982;143:29-36.",
    "DeLong 1988": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated ROC "
    "curves. Biometrics 1988;44:837-45.",
    "Rubin 1987": "Rubin DB. Multiple imputation for nonresponse in surveys. New York: Wiley, 1987.",
    "Nagelkerke 1991": "Nagelkerke NJD. A note on a general definition of the coefficient of determination. "
    "Biometrika 1991;78:691-2.",
    "Vickers and Elkin 2006": "Vickers AJ, Elkin EB. Decision curve analysis. Med Decis Making 2006;26:565-74.",
    "Newcombe 2006": "Newcombe RG. Confidence intervals for an effect size measure based on the Mann-Whitney "
    "statistic. Part 2: asymptotic methods and evaluation. Stat Med 2006;25:559-73.",
    "Tjur 2009": "Tjur T. Coefficients of determination in logistic regression models: a new proposal. Am Stat "
    "2009;63:366-72.",
    "Boyd 2013": "Boyd K, Eng KH, Page CD. Area under the precision-recall curve: point estimates and confidence "
    "intervals. ECML PKDD 2013, LNCS 8190:451-66.",
    "Van Calster 2016": "Van Calster B, Nieboer D, Vergouwe Y, et al. A calibration hierarchy for risk models was "
    "defined. J Clin Epidemiol 2016;74:167-76.",
    "Vickers 2016": "Vickers AJ, Van Calster B, Steyerberg EW. Net benefit approaches to the evaluation of "
    "prediction models, molecular markers, and diagnostic tests. BMJ 2016;352:i6.",
    "Debray 2017": "Debray TPA, Damen JAAG, Snell KIE, et al. A guide to systematic review and meta-analysis of "
    "prediction model performance. BMJ 2017;356:i6460.",
    "Kattan and Gerds 2018": "Kattan MW, Gerds TA. The index of prediction accuracy: an intuitive measure useful for "
    "evaluating risk prediction models. Diagn Progn Res 2018;2:7.",
    "Austin and Steyerberg 2019": "Austin PC, Steyerberg EW. The integrated calibration index (ICI) and related "
    "metrics. Stat Med 2019;38:4051-65.",
    "Lundberg 2020": "Lundberg SM, Erion G, Chen H, et al. From local explanations to global understanding with "
    "explainable AI for trees. Nat Mach Intell 2020;2:56-67.",
    "Marsh 2020": "Marsh TL, Janes H, Pepe MS. Statistical inference for net benefit measures in biomarker validation "
    "studies. Biometrics 2020;76:843-52.",
    "Vickers 2023": "Vickers AJ, Van Calster B, Wynants L, Steyerberg EW. Decision curve analysis: confidence "
    "intervals and hypothesis testing for net benefit. Diagn Progn Res 2023;7:11.",
}
