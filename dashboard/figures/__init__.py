"""Figures drawn in the browser for several pages; what one page draws lies beside that page."""
