"""`python -m fastnlp`."""

import sys

from fastnlp.cli import main

sys.exit(main())
