# Draws what time_to_target_bench --curves has written:
#
#   gnuplot -e "curves='curves.dat'; out='time-to-target.svg'" \
#     docs/results/time-to-target.gp
set terminal svg size 720,420 background rgb "white" font "sans-serif,13"
set output out
set logscale y
set xlabel "milliseconds of training"
set ylabel "objective over the optimum, percent"
set yrange [0.4:30]
set key outside right autotitle columnheader
set grid ytics lc rgb "#dddddd"
stats curves using 1 nooutput
plot for [k=0:STATS_blocks-2] curves index k using 1:2 with linespoints \
  pt 7 ps 0.3 lw 1.5, \
  1 with lines lc rgb "#888888" dt 2 notitle
