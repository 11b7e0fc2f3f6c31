# SPDX-License-Identifier: MIT
# Draws what copying and sharing whole pages cost. tools/bench sets `rows` (each line: pages, and the instructions of the rows
# crossover.copied_, .shared_ and .written_ with so many; a figure that there is not is "-") and `picture`, the SVG to be written.
set terminal svg size 760,460 font "sans,13" background "white"
set output picture
set title "What sys_safecopyfrom of whole pages costs" noenhanced
set xlabel "pages"
set ylabel "instructions"
set key top left Left reverse
set grid
set logscale xy 2
set xrange [0.9:36]
set xtics (1, 2, 4, 8, 16, 32)
set format y "%.0f"
set datafile missing "-"
set style data linespoints
plot rows using 1:2 title "copied" linewidth 2, \
     rows using 1:3 title "shared copy-on-write" linewidth 2, \
     rows using 1:4 title "shared, and all of them written to afterwards" linewidth 2
