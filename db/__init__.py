"""Everything about remembering: tables, engine, migrations and the demo company."""
