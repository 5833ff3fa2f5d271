"""Floor 3: tables, figures and pages made from a run's tables; no statistic is computed here."""
