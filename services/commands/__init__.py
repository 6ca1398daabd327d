"""The shell's verbs, one file a family; `services.cli` joins them."""
