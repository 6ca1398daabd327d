"""`python -m services.cli VERB`: the desk from the shell; formats are those of contracts."""

from services.commands import (
    audit_log,
    backup,
    contacts,
    demo,
    export,
    importing,
    keys,
    ledger,
    reconcile,
    retention,
    rules,
    scores,
    serve,
    shell,
    sign_in,
    sla,
    users,
    vendors,
    worker,
)

app = shell.verbs("Loopdesk from the shell.")
app.command("import")(importing.import_responses)
app.command("import-accounts")(importing.import_accounts)
app.command("score")(scores.score)
app.command("compare")(scores.compare)
app.add_typer(export.app, name="export")
app.add_typer(users.app, name="user")
app.add_typer(keys.app, name="key")
app.add_typer(sign_in.app, name="sign-in")
app.add_typer(vendors.app, name="vendor")
app.add_typer(contacts.app, name="contact")
app.add_typer(ledger.app, name="ledger")
app.command("reconcile")(reconcile.reconcile)
app.add_typer(retention.app, name="retention")
app.add_typer(rules.app, name="rules")
app.command("worker")(worker.run)
app.command("sla-due")(sla.due)
app.command("audit")(audit_log.audit)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("demo")(demo.load)
app.command("serve")(serve.serve)

if __name__ == "__main__":
    app(prog_name="python -m services.cli")
