/// How charts look: colours that the colour-blind can tell apart (Okabe & Ito 2008), on light and on dark pages; on paper always as on
/// light ones.
public enum ChartTheme {
  /// Colours of series, after which they begin again; marks then have other forms.
  static let seriesColourCount = 7

  /// What drawings refer to; a page that holds some needs it once.
  public static let css = """
    :root { --page: #ffffff; --ink: #222222; --quiet: #5a5a5a; --faint: #c8c8c8; --above: #0072b2; --below: #d55e00; --strongest: 0.6;
      --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #b5538b; --series-4: #b87d00; --series-5: #3f9fd6;
      --series-6: #444444; }
    @media screen and (prefers-color-scheme: dark) { :root { --page: #16181c; --ink: #e8e8e8; --quiet: #a6abb3; --faint: #454a52;
      --above: #0072b2; --below: #d55e00; --strongest: 0.7; --series-0: #56b4e9; --series-1: #f0803c; --series-2: #2fc79b;
      --series-3: #dd97bd; --series-4: #e69f00; --series-5: #f0e442; --series-6: #d0d0d0; } }
    svg.chart { font-family: system-ui, sans-serif; }
    svg.chart text { fill: var(--ink); font-size: 12px; }
    svg.chart text.title { font-size: 14px; font-weight: 600; }
    svg.chart text.quiet { fill: var(--quiet); }
    svg.chart text.number { font-size: 14px; font-weight: 600; }
    svg.chart text.note { font-size: 11px; }
    svg.chart .grid { stroke: var(--faint); stroke-width: 0.6; fill: none; }
    svg.chart .frame { stroke: var(--quiet); stroke-width: 1; fill: none; }
    svg.chart .reference { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 4 3; fill: none; }
    svg.chart .above { fill: var(--above); opacity: var(--strongest); }
    svg.chart .below { fill: var(--below); opacity: var(--strongest); }
    svg.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
    svg.chart .interval { fill: none; stroke-width: 1.2; opacity: 0.65; }
    svg.chart .shade { opacity: 0.16; }
    \((0..<seriesColourCount).map(seriesRules).joined(separator: "\n"))
    @media print { svg.chart { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
    """

  private static func seriesRules(_ index: Int) -> String {
    "svg.chart .stroke-\(index) { stroke: var(--series-\(index)); } svg.chart .fill-\(index) { fill: var(--series-\(index)); }"
  }
}
