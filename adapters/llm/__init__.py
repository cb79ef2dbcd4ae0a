"""Language models, through LangChain's chat models: asked for one class of one mail, and for nothing else."""
