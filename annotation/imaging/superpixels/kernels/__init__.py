"""The compiled inner loops of the superpixel algorithms; only their own module and their tests call them.

They lie apart so that the web process, which needs no more than names and ranges, never imports numba (64 MB, 0.4 s).
"""

import numba

# No `parallel`: requests run beside each other in processes of their own. `cache` saves seconds in every new child.
kernel = numba.njit(cache=True, nogil=True, fastmath=True)
