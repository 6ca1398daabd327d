"""What the desk can do. Whoever imports any part of it has the ledger listening to deliveries."""

import os

# Workbooks are read by defusedxml; where lxml is installed (Salesforce's SDK brings it), openpyxl
# would take that, which knows nothing of bombs. It looks when it is first imported.
os.environ["OPENPYXL_LXML"] = "False"

from services.ledger import noting as noting  # noqa: E402
