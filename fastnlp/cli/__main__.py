"""`python -m fastnlp.cli`."""

import sys

from fastnlp.cli import main

sys.exit(main())
