// Training curves: one Plotly node for as long as the page shows them. Colours of text and grid come from the style sheet.

const NARROW = 560; // pixels; below, the charts stand one above the other
const CONFIG = {
  responsive: false,
  displaylogo: false,
  showSendToCloud: false, // on by default since Plotly 7; nothing leaves this computer
  plotlyServerURL: '',
  modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d'],
};

const load = (address) => (window.__thawPlotly ??= new Promise((done, failed) => {
  const script = document.createElement('script');
  script.src = new URL(address, document.baseURI);
  script.onload = () => done(window.Plotly);
  script.onerror = () => {
    delete window.__thawPlotly;
    failed(new Error(`${address} could not be loaded`));
  };
  document.head.append(script);
}));

export default function liveCurves({ data, parentElement }) {
  const plot = parentElement.querySelector('.plot');
  plot.setAttribute('aria-label', data.label);
  if (plot.__figure === data.figure) return undefined;
  plot.__figure = data.figure;
  if (!plot.__drawn) plot.style.minHeight = `${data.height}px`;
  draw(plot, data);
  return undefined;
}

async function draw(plot, data) {
  let plotly;
  try {
    plotly = await load(data.plotly);
  } catch {
    plot.textContent = data.unloaded;
    plot.__figure = null;
    return;
  }
  // Updates that came while the script loaded are one drawing, of the newest.
  if (plot.__drawn === plot.__figure) return;
  plot.__drawn = plot.__figure;
  await plotly.react(plot, ...arrange(plot));
  if (!plot.__watch) {
    plot.__watch = new ResizeObserver(() => {
      if (plot.isConnected && plot.clientWidth && plot.clientWidth !== plot.__width) plotly.react(plot, ...arrange(plot));
    });
    plot.__watch.observe(plot);
  }
}

function arrange(plot) {
  const { data, layout } = JSON.parse(plot.__figure);
  plot.__width = plot.clientWidth;
  layout.width = plot.clientWidth;
  if (plot.clientWidth < NARROW && layout.xaxis2) {
    Object.assign(layout.xaxis, { domain: [0, 1] });
    Object.assign(layout.xaxis2, { domain: [0, 1] });
    Object.assign(layout.yaxis, { domain: [0.6, 1] });
    Object.assign(layout.yaxis2, { domain: [0, 0.4] });
    layout.legend.y = 1.12;
    layout.height *= 1.75;
  }
  plot.style.minHeight = `${layout.height}px`;
  return [data, layout, CONFIG];
}
