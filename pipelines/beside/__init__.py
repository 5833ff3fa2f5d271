"""What is set beside the models of a study: published models, plain indices, simple fitted models."""
