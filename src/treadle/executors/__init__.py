"""How a run's work is carried out: one executor for each kind of work, all behind one interface (`base`)."""
