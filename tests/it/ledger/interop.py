"""Reads books with Beancount and prints what each account holds, as `account currency amount`."""

import sys

from beancount import loader
from beancount.core import realization

entries, errors, _ = loader.load_file(sys.argv[1])
if errors:
    sys.exit("\n".join(str(error) for error in errors[:5]))
for account in realization.iter_children(realization.realize(entries)):
    for position in account.balance:
        print(account.account, position.units.currency, position.units.number)
