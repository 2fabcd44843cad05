"""The colours of every figure: those of Okabe and Ito, told apart by readers with any colour vision.

Source: M. Okabe and K. Ito, "Color Universal Design", https://jfly.uni-koeln.de/color/. `GREY` is an addition for
reference lines. Lines that carry meaning differ in style or marker, too: prints may be grey.
"""

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#555555"

__all__ = ["BLACK", "BLUE", "GREEN", "GREY", "ORANGE", "PURPLE", "SKY", "VERMILION", "YELLOW"]
