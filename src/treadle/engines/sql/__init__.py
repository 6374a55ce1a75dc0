"""What engines have in common that keep their stores in tables: the verbs, written once over named statements."""
