"""What does the work: one package per engine, behind `engines.base.Engine`."""
