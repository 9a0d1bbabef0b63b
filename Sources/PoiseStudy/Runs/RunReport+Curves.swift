import PoiseFiles
import PoiseReport

/// Metrics by step, runs over each other.
extension RunReport {
  func curves(_ kind: RecordedRun.Kind) -> [Document.Block] {
    let runs = runs(kind)
    let figures = RunMetric.all.map { metric in (metric: metric, figure: figure(metric, runs, kind)) }
    let important = figures.filter { $0.metric.importantTo.contains(kind) }.compactMap(\.figure) + gains(runs, kind)
    let others = figures.filter { !$0.metric.importantTo.contains(kind) }.compactMap(\.figure)
    let constant = constants(runs).joined(separator: ", ")
    var (blocks, rest): ([Document.Block], [Document.Block]) = ([], [])
    if !important.isEmpty { blocks += [.paragraph(Prose(smoothing(runs))), .figures(important)] }
    if !constant.isEmpty { rest.append(.paragraph(Prose("The same at every step of a run: \(constant)."))) }
    if !others.isEmpty { rest.append(.figures(others)) }
    if !rest.isEmpty { blocks.append(.details("Everything else that was recorded", rest)) }
    return [.heading(2, Self.heading(kind))] + blocks
  }

  private static func heading(_ kind: RecordedRun.Kind) -> String {
    switch kind {
    case .policy: "How policies moved"
    case .judge: "How judges learnt"
    case .supervised: "How supervised training went"
    }
  }

  /// What a point is.
  private func smoothing(_ runs: [RecordedRun]) -> String {
    let widths = runs.map { run in (name: run.name, width: run.curves["loss"]?.width ?? 1) }.filter { $0.width > 1 }
    guard !widths.isEmpty else { return "Every step that was recorded is a point." }
    let isAlike = Set(runs.map { $0.curves["loss"]?.width }).count == 1
    let list =
      isAlike ? "\(widths[0].width) steps" : "several steps (\(Wording.list(widths.map { "\($0.width) in \($0.name)" })))"
    let shade = runs.count <= Self.mostShades ? ", and the shade one standard deviation of single steps about it" : ""
    return "A point is the mean of \(list)\(shade); what was looked at rarely is drawn as it is."
  }

  /// Nil where no run has it, or it never changes in any.
  private func figure(_ metric: RunMetric, _ runs: [RecordedRun], _ kind: RecordedRun.Kind) -> Document.Figure? {
    let drawn = runs.compactMap { run in run.curves[metric.name].map { (run: run, curve: $0) } }
    guard !drawn.isEmpty, !isConstant(drawn.map(\.curve)) else { return nil }
    let chart = PointChart(
      title: metric.title, x: ChartAxis("step", including: [0]), y: ChartAxis(metric.axis, including: metric.including),
      marks: .curves, series: drawn.map { series($0.run, $0.curve, isShaded: drawn.count <= Self.mostShades) },
      reference: metric.reference)
    let caption = metric.caption(kind)
    return Document.Figure(
      name: fileName(metric.fileName, kind), caption: Prose(metric.name, .code) + Prose(caption.isEmpty ? "" : ". \(caption)"),
      drawing: chart.drawing, data: Self.data(drawn, x: "step", y: metric.name))
  }

  /// What a distance from the reference buys.
  private func gains(_ runs: [RecordedRun], _ kind: RecordedRun.Kind) -> [Document.Figure] {
    RunMetric.gains.compactMap { metric in
      let drawn = runs.compactMap { run in run.gains[metric.name].map { (run: run, curve: $0.coarser(12)) } }
      guard drawn.contains(where: { $0.curve.stretches.count > 1 }) else { return nil }
      let chart = PointChart(
        title: "\(metric.title) by KL", x: ChartAxis("KL to the reference, nats a response", including: [0]),
        y: ChartAxis(metric.axis), marks: .curves,
        series: drawn.map { run, curve in
          let points = curve.stretches.map { PointChart.Point(x: $0.x, y: $0.y) }
          return PointChart.Series(run.name, style: style(run), points)
        }, reference: metric.reference)
      return Document.Figure(
        name: fileName("\(metric.fileName)-by-kl", kind),
        caption: "From the beginning of each run to its end, in at most twelve means of steps. High and to the left is good.",
        drawing: chart.drawing, data: Self.data(drawn, x: RunMetric.divergence, y: metric.name))
    }
  }

  /// More of them would hide each other.
  private static let mostShades = 3

  private func series(_ run: RecordedRun, _ curve: Curve, isShaded: Bool) -> PointChart.Series {
    let points = curve.stretches.map { stretch in
      let hint = "step \(stretch.x.formatted(significantDigits: 6)): \(stretch.y.formatted(significantDigits: 4))"
      let interval = isShaded && curve.width > 1 ? stretch.spread : nil
      return PointChart.Point(x: stretch.x, y: stretch.y, interval: interval, hint: hint)
    }
    return PointChart.Series(run.name, style: style(run), points)
  }

  private static func data(_ drawn: [(run: RecordedRun, curve: Curve)], x: String, y: String) -> CSVTable {
    let rows = drawn.flatMap { run, curve in
      curve.stretches.map { [run.name, $0.x.exact, $0.y.exact, $0.deviation.exact, String($0.count)] }
    }
    return CSVTable(["run", x, y, "standard_deviation", "steps"], rows)
  }

  // MARK: What never changes

  /// Whether none of them changes, one look each aside, of which nobody knows.
  private func isConstant(_ curves: [Curve]) -> Bool {
    curves.contains { $0.stretches.count > 1 }
      && curves.allSatisfy { curve in curve.stretches.allSatisfy { $0.deviation == 0 && $0.y == curve.stretches[0].y } }
  }

  private func constants(_ runs: [RecordedRun]) -> [String] {
    RunMetric.all.compactMap { metric in
      let curves = runs.compactMap { $0.curves[metric.name] }
      guard isConstant(curves) else { return nil }
      let values = Set(curves.map { $0.stretches[0].y }).sorted().map { $0.formatted(significantDigits: 4) }
      return "\(metric.name) \(values.joined(separator: " or "))"
    }
  }
}
