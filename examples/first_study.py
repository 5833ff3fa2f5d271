"""A first study from Python: simulate a registry, run a small study on it, and read the results."""

from pathlib import Path

from spinerisk import read_study, run_study, simulate_registry


def main() -> None:
    """Run the study that stands beside this file."""
    study = read_study(Path(__file__).with_name("first_study.toml"))
    registry = simulate_registry("lumbar", n=800, seed=study.seed)
    result = run_study(study, registry)
    overall = result.evaluation.query("subgroup == 'overall' and validation == 'internal' and metric == 'c_statistic'")
    print(overall[["outcome", "model", "estimate", "lower", "upper", "n", "events"]].to_string(index=False))


if __name__ == "__main__":
    main()
