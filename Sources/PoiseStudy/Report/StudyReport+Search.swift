import PoiseFiles
import PoiseReport

/// What was searched, and what was chosen of it.
extension StudyReport {
  func searched(_ condition: String) -> [Document.Block] {
    let figures = groups(condition).flatMap { group in
      let sweeps = [sweep("tau", group, condition), sweep("mixture", group, condition)]
      return (sweeps + [learningCurves(group, condition), cloud(group, condition)]).compactMap(\.self)
    }
    return [
      .heading(2, "What was chosen, and from what" + suffix(condition)),
      .paragraph(
        """
        On validation prompts, one seed a setting. A best of many is too good by chance: the numbers of the comparison above, on other \
        prompts and seeds, are those to believe.
        """),
      .table(choices(condition)), .figures(figures),
      .details("Every setting at every step that was looked at", [.table(everything(condition))]),
    ]
  }

  /// Methods whose win rates can be compared, as they are over the same opponent.
  private struct Group {
    let opponent: String
    let methods: [Study.Method]
    /// After names of files, and after titles: nothing for the only group.
    let name: String
    var title: String { name.isEmpty ? "" : ", \(methods[0].name)" }
  }

  private func groups(_ condition: String) -> [Group] {
    let supervised = "the supervised policy"
    guard let baseline = study.baseline.flatMap(study.method) else {
      return [Group(opponent: supervised, methods: study.methods, name: "")]
    }
    let others = study.methods.filter { $0.name != baseline.name }
    return [
      Group(opponent: "the chosen \(baseline.name)", methods: others, name: ""),
      Group(opponent: supervised, methods: [baseline], name: "-\(baseline.name)"),
    ]
  }

  private func points(_ method: String, _ condition: String) -> [StudyResults.SearchPoint] {
    results.search.filter { $0.cell.method == method && $0.cell.condition == condition }
  }

  // MARK: Tables

  private func choices(_ condition: String) -> Document.Table {
    let rows = results.choices.filter { $0.condition == condition }.map { choice -> [Prose] in
      let opponent = choice.method == study.baseline ? "SFT" : study.baseline ?? "SFT"
      let chosen = points(choice.method, condition).first { $0.cell.setting == choice.setting && $0.step == choice.step }
      return [
        Prose(choice.method), Prose(words(choice.method, choice.setting)), Prose(String(choice.step)),
        Prose("\(Wording.share(choice.rate)) over \(opponent)"),
      ] + cells(of: chosen?.measures)
    }
    return Document.Table(
      ["method", "setting", "steps", "win rate on validation"] + Self.measureNames, rows, name: name("choices", condition))
  }

  /// What stands beside win rates, as columns.
  private static let measureNames = ["KL to SFT", "tokens", "distinct pairs"]

  private func cells(of measures: StudyResults.Measures?) -> [Prose] {
    guard let measures else { return Self.measureNames.map { _ in "–" } }
    return [
      Prose(measures.divergence.formatted(decimals: 2)), Prose(measures.length.formatted(decimals: 1)),
      Prose(measures.distinctPairs.formatted(decimals: 3)),
    ]
  }

  private func everything(_ condition: String) -> Document.Table {
    let rows = results.search.filter { $0.cell.condition == condition }.map { point -> [Prose] in
      let failure = Prose(point.failure == nil ? "–" : "diverged")
      return [
        Prose(point.cell.method), Prose(words(point.cell.method, point.cell.setting)), Prose(String(point.step)),
        point.rate.map { Prose(Wording.share($0.value)) } ?? failure,
        point.rate.map { Prose(Wording.interval($0.interval)) } ?? "–",
      ] + cells(of: point.measures)
    }
    return Document.Table(
      ["method", "setting", "steps", "win rate", "95 %"] + Self.measureNames, rows, name: name("search", condition))
  }

  // MARK: Figures

  /// Win rate by a swept number: at each of its values the best of all steps and of all else that was swept.
  private func sweep(_ option: String, _ group: Group, _ condition: String) -> Document.Figure? {
    var data = CSVTable(["method", option, "setting", "step", "win_rate", "lower", "upper"])
    var values: Set<Double> = []
    let series = group.methods.compactMap { method -> PointChart.Series? in
      guard let sweep = method.swept.first(where: { $0.option == option }), sweep.values.count > 1 else { return nil }
      let points = sweep.values.compactMap { value -> PointChart.Point? in
        let best = results.bestPoint(method.name, condition) { method.setting(in: $0)?[option] == value }
        guard let number = Double(value), let best, let rate = best.rate else { return nil }
        values.insert(number)
        let numbers = [rate.value, rate.interval.lowerBound, rate.interval.upperBound].map(\.exact)
        data.rows.append([method.name, value, best.cell.setting, String(best.step)] + numbers)
        let hint = "\(option) \(value), \(best.step) steps: \(Wording.share(rate.value))"
        return PointChart.Point(x: number, y: rate.value, interval: rate.interval, hint: hint)
      }
      return PointChart.Series(method.name, style: style(method.name), points.sorted { $0.x < $1.x })
    }
    guard !series.isEmpty, !values.isEmpty else { return nil }
    let isTau = option == "tau"
    let few = values.count <= 7 ? values.sorted() : nil
    let axis = ChartAxis(
      isTau ? "τ, logarithmic" : "weight of the reference in the mixture", scale: isTau ? .logarithmic : .linear,
      ticks: isTau ? few : nil)
    let chart = PointChart(
      title: (isTau ? "Strength of regularisation" : "Mixture") + group.title, x: axis,
      y: ChartAxis("win rate over \(group.opponent)"),
      marks: .joined, series: series, reference: 0.5)
    let caption =
      isTau
      ? "At each τ's best step; τ is not the same thing for different losses."
      : "At each weight's best step and best τ."
    return Document.Figure(
      name: name("\(option)-sweep\(group.name)", condition), caption: Prose(caption), drawing: chart.drawing, data: data)
  }

  private func learningCurves(_ group: Group, _ condition: String) -> Document.Figure? {
    var data = CSVTable(["method", "setting", "step", "win_rate", "lower", "upper"])
    let series = group.methods.compactMap { method -> PointChart.Series? in
      guard let choice = results.choice(method.name, condition) else { return nil }
      let own = points(method.name, condition).filter { $0.cell.setting == choice.setting }.sorted { $0.step < $1.step }
      let drawn = own.compactMap { point -> PointChart.Point? in
        guard let rate = point.rate else { return nil }
        let numbers = [rate.value, rate.interval.lowerBound, rate.interval.upperBound].map(\.exact)
        data.rows.append([method.name, choice.setting, String(point.step)] + numbers)
        let hint = "step \(point.step): \(Wording.share(rate.value))"
        return PointChart.Point(x: Double(point.step), y: rate.value, interval: rate.interval, hint: hint)
      }
      return PointChart.Series(method.name, style: style(method.name), drawn)
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    let steps = study.checkpointSteps
    let chart = PointChart(
      title: "Learning curves" + group.title,
      x: ChartAxis("steps", including: [0], ticks: steps.count <= 8 ? steps.map(Double.init) : nil),
      y: ChartAxis("win rate over \(group.opponent)"), marks: .joined, series: series, reference: 0.5)
    return Document.Figure(
      name: name("learning-curves\(group.name)", condition), caption: "The chosen setting of each method, one seed, by step.",
      drawing: chart.drawing, data: data)
  }

  /// All that was looked at: what a distance from the supervised policy can buy.
  private func cloud(_ group: Group, _ condition: String) -> Document.Figure? {
    var data = CSVTable(["method", "setting", "step", "kl", "win_rate"])
    let series = group.methods.map { method in
      let drawn = points(method.name, condition).compactMap { point -> PointChart.Point? in
        guard let rate = point.rate, let divergence = point.measures?.divergence else { return nil }
        data.rows.append([method.name, point.cell.setting, String(point.step), divergence.exact, rate.value.exact])
        let hint = "\(words(method.name, point.cell.setting)), step \(point.step): \(Wording.share(rate.value))"
        return PointChart.Point(x: divergence, y: rate.value, hint: hint)
      }
      return PointChart.Series(method.name, style: style(method.name), drawn)
    }
    guard series.contains(where: { !$0.points.isEmpty }) else { return nil }
    let chart = PointChart(
      title: "Every checkpoint by distance from SFT" + group.title, x: ChartAxis("KL to SFT, nats a response", including: [0]),
      y: ChartAxis("win rate over \(group.opponent)"), marks: .separate, series: series, reference: 0.5)
    return Document.Figure(
      name: name("search-by-kl\(group.name)", condition),
      caption: "Every setting at every step, without intervals; the upper left edge is what can be had.", drawing: chart.drawing,
      data: data)
  }
}
