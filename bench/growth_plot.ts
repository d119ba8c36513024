/** Plots the figures of `deno task bench:growth`. */

import * as echarts from "echarts";
import type { Growth, Series } from "./growth_report.ts";

interface Panel {
  readonly part: keyof Growth;
  readonly title: string;
  /** Whether a series is in it, by its work. */
  includes(work: string): boolean;
}

const panels: Panel[] = [
  {
    part: "workflows",
    title: "enqueue, per second",
    includes: (work) => work.startsWith("enqueue"),
  },
  {
    part: "workflows",
    title: "results and polls, ms",
    includes: (work) => /^(result|poll)/.test(work),
  },
  {
    part: "workflows",
    title: "lists and counts, ms",
    includes: (work) => /^(list|count)/.test(work),
  },
  { part: "waiters", title: "statements per second", includes: (work) => work === "statements" },
  { part: "waiters", title: "CPU, %", includes: (work) => work.endsWith("CPU") },
  {
    part: "waiters",
    title: "result latency, ms",
    includes: (work) => work.startsWith("result latency"),
  },
];

const columns = 3;
const panelWidth = 420;
const panelHeight = 450;
const colors = { official: "#d95f02", ours: "#1b6ca8" };
const symbols = ["circle", "rect", "triangle", "diamond", "emptyCircle"];

/** Formats a power of ten, such as 10M. */
function formatAxis(value: number): string {
  return value.toLocaleString("en-US", { notation: "compact" });
}

/** Draws one panel for each figure, with logarithmic axes, as an SVG image. */
export function plotGrowth(growth: Partial<Growth>): string {
  const shown = panels.filter(({ part }) => growth[part]);
  const grid: echarts.GridComponentOption[] = [];
  const title: echarts.TitleComponentOption[] = [];
  const xAxis: echarts.XAXisComponentOption[] = [];
  const yAxis: echarts.YAXisComponentOption[] = [];
  const legend: echarts.LegendComponentOption[] = [];
  const series: echarts.LineSeriesOption[] = [];
  for (const [index, panel] of shown.entries()) {
    const { sizes, series: all } = growth[panel.part]!;
    const left = index % columns * panelWidth;
    const top = Math.floor(index / columns) * panelHeight;
    grid.push({ left: left + 60, top: top + 40, width: panelWidth - 90, height: 200 });
    title.push({ text: panel.title, left: left + 60, top: top + 10, textStyle: { fontSize: 14 } });
    xAxis.push({
      type: "log",
      gridIndex: index,
      name: panel.part === "workflows" ? "workflows" : "waits",
      nameLocation: "middle",
      nameGap: 26,
      min: sizes[0]!,
      max: sizes.at(-1)!,
      axisLabel: { formatter: formatAxis },
    });
    yAxis.push({ type: "log", gridIndex: index, axisLabel: { formatter: formatAxis } });
    const included = all.filter(({ work }) => panel.includes(work));
    const works = [...new Set(included.map(({ work }) => work))];
    const nameOf = ({ work, client }: Series) => `${work}, ${client}`;
    legend.push({
      orient: "vertical",
      left: left + 40,
      top: top + 290,
      itemGap: 3,
      textStyle: { fontSize: 10 },
      data: included.map(nameOf),
    });
    for (const one of included) {
      series.push({
        type: "line",
        name: nameOf(one),
        xAxisIndex: index,
        yAxisIndex: index,
        color: colors[one.client],
        symbol: symbols[works.indexOf(one.work)]!,
        symbolSize: 7,
        lineStyle: { type: one.client === "ours" ? "solid" : "dashed" },
        // A logarithmic axis has no zero.
        data: one.figures.flatMap((figure, at) => figure ? [[sizes[at]!, figure]] : []),
      });
    }
  }
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: columns * panelWidth,
    height: Math.ceil(shown.length / columns) * panelHeight,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    ...{ grid, title, xAxis, yAxis, legend, series },
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
