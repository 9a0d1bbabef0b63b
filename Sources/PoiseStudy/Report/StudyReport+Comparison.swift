import Poise
import PoiseFiles
import PoiseReport

/// What was chosen, side by side.
extension StudyReport {
  func sideBySide(_ condition: String) -> [Document.Block] {
    let published = PublishedComparison(methods: study.methods)
    // The paper has one table, whatever the conditions.
    let isFirst = condition == study.conditions[0].name
    let figures = [matrix(condition)] + (isFirst ? published.map { [figure(of: $0)] } ?? [] : [])
    let beside = published.map { [Document.Block.paragraph(Prose(agreement(with: $0, condition)))] } ?? []
    let opening = [Document.Block.heading(2, "Side by side" + suffix(condition))] + adviceUnder(condition)
    return opening + [.figures(figures)] + beside + [
      .heading(3, "How they stand" + suffix(condition)),
      .paragraph(
        """
        Mean over seeds (standard deviation). On validation is what the same policies win on the prompts that settings were chosen by: \
        where methods change places by more than chance, the texts decide. What its model says is the win rate over SFT in the eyes of \
        the model that the method learnt from: by how much that is higher than the judge's, the method has learnt to please the model. \
        KL is of whole responses, in nats, as tokens are counted in responses; distinct pairs are different pairs of neighbouring \
        tokens among all, fewer where there are more answers. A method that wins by being long, or by saying one thing, shows it here.
        """),
      .table(standingsTable(condition)), .figures([frontier(condition)]),
      .heading(3, "Who can be beaten" + suffix(condition)),
      .paragraph(
        """
        Exploitability within this study: the lead, p − ½, of the best other policy, the supervised one and other seeds included; mean \
        over seeds (standard deviation). Zero is a policy that nothing here beats. By answers it is the lead of an opponent that may \
        answer every prompt with what any other method said to it, whichever is best against the method's other seeds: where \
        preferences go in a circle, this finds who always says the same, though no policy as a whole may be the answer to it. The \
        hardest opponent is the method with which its win rate is lowest.
        """),
      .table(exploitabilityTable(condition)),
    ]
  }

  private var methods: [String] { study.methods.map(\.name) }

  // MARK: Tables

  func sideBySideTable(_ condition: String) -> Document.Table {
    let rows = methods.map { row in
      [Prose(row)]
        + methods.map { column -> Prose in
          guard let pairing = results.pairing(row, over: column, condition) else { return "–" }
          return Prose("\(Wording.spread(pairing.rates, 3)) \(Wording.interval(pairing.interval))")
        }
    }
    return Document.Table(["row over column"] + methods, rows)
  }

  func standingsTable(_ condition: String) -> Document.Table {
    let standings = results.standings.filter { $0.condition == condition }
    let haveModels = standings.contains { $0.overSupervisedByAnnotator != nil }
    let rows = standings.map { standing -> [Prose] in
      let measures = standing.measures
      let byModel = Prose(standing.overSupervisedByAnnotator.map { Wording.spread($0, 3) } ?? "–")
      return [
        Prose(standing.method), Prose(Wording.spread(standing.overSupervised.bySeed, 3)),
        Prose(Wording.interval(standing.overSupervised.interval)),
        Prose(Wording.spread(standing.overSupervisedOnValidation.bySeed, 3)),
      ] + (haveModels ? [byModel] : []) + [
        Prose(Wording.spread(measures.map(\.divergence), 2)),
        Prose(Wording.spread(measures.map(\.length), 1)), Prose(Wording.spread(measures.map(\.distinctPairs), 3)),
        Prose(Wording.spread(standing.exploitability, 3)),
      ]
    }
    return Document.Table(
      ["method", "over SFT", "95 %", "on validation"] + (haveModels ? ["says its model"] : [])
        + ["KL to SFT", "tokens", "distinct pairs", "exploitability"], rows,
      name: name("standings", condition))
  }

  private func exploitabilityTable(_ condition: String) -> Document.Table {
    let rows = results.standings.filter { $0.condition == condition }.map { standing -> [Prose] in
      let against = methods.compactMap { results.pairing(standing.method, over: $0, condition) }
      let hardest = against.min { $0.mean < $1.mean }
      return [
        Prose(standing.method), Prose(Wording.spread(standing.exploitability, 3)),
        Prose(standing.exploitabilityByAnswers.map { Wording.spread($0, 3) } ?? "–"), Prose(hardest?.column ?? "–"),
        Prose(hardest.map { Wording.share($0.mean) } ?? "–"), Prose(hardest.map { Wording.interval($0.interval) } ?? "–"),
      ]
    }
    return Document.Table(
      ["method", "exploitability", "by answers", "hardest opponent", "win rate over it", "95 %"], rows,
      name: name("exploitability", condition))
  }

  // MARK: Figures

  /// Win rates of rows over columns; what is left of the diagonal's middle is one minus what is right of it.
  func matrix(_ condition: String) -> Document.Figure {
    var data = CSVTable(["row", "column", "win_rate", "standard_deviation", "lower", "upper"])
    let cells = methods.map { row in
      methods.map { column -> HeatMap.Cell? in
        guard let pairing = results.pairing(row, over: column, condition) else { return nil }
        let (lower, upper) = (pairing.interval.lowerBound, pairing.interval.upperBound)
        data.rows.append([row, column] + [pairing.mean, pairing.standardDeviation, lower, upper].map(\.exact))
        let note = "\(lower.formatted(decimals: 2))–\(upper.formatted(decimals: 2))"
        return HeatMap.Cell(pairing.mean, text: Wording.share(pairing.mean), note: note)
      }
    }
    let map = HeatMap(title: "This study: row over column", rows: methods, columns: methods, cells: cells)
    let caption = "Win rate of the row over the column, mean over all pairs of seeds; 95 % interval over seeds and prompts."
    return Document.Figure(
      name: name("side-by-side", condition), caption: Prose(caption), drawing: map.drawing, data: data)
  }

  private func figure(of published: PublishedComparison) -> Document.Figure {
    let names = published.methods
    var data = CSVTable(["row", "column", "win_rate", "standard_deviation"])
    let cells = names.map { row in
      names.map { column -> HeatMap.Cell? in
        guard let cell = published.cell(row, column) else { return nil }
        data.rows.append([row, column, Wording.share(cell.mean), Wording.share(cell.deviation)])
        return HeatMap.Cell(cell.mean, text: Wording.share(cell.mean), note: "±\(Wording.share(cell.deviation))")
      }
    }
    let map = HeatMap(title: "The paper: row over column", rows: names, columns: names, cells: cells)
    return Document.Figure(
      name: "published", caption: Prose(PublishedComparison.caption), drawing: map.drawing, data: data)
  }

  /// How many pairs are ordered alike: the numbers themselves are of other models, data and judges.
  private func agreement(with published: PublishedComparison, _ condition: String) -> String {
    let shared = published.methods
    let pairs = shared.indices.flatMap { first in shared[(first + 1)...].map { (shared[first], $0) } }
    let compared = pairs.compactMap { row, column -> (own: StudyResults.Pairing, paper: Double)? in
      guard let own = results.pairing(row, over: column, condition) else { return nil }
      return published.cell(row, column).map { (own, $0.mean) }
    }
    let clear = compared.filter { !$0.own.interval.contains(0.5) }
    let against = clear.filter { ($0.own.mean > 0.5) != ($0.paper > 0.5) }
    let alike = compared.count { ($0.own.mean > 0.5) == ($0.paper > 0.5) }
    let names = Wording.list(against.map { "\($0.own.row) against \($0.own.column)" })
    let contradiction = against.isEmpty ? "none of those the other way round" : "of those the other way round: \(names)"
    let clarity =
      clear.isEmpty ? "No interval here leaves ½ out." : "\(clear.count) have an interval without ½ here, \(contradiction)."
    let order =
      compared.count == 1
      ? "The one pair that both have is ordered \(alike == 1 ? "as" : "the other way round than") in the paper."
      : "Of the \(compared.count) pairs that both have, \(alike) \(alike == 1 ? "is" : "are") ordered as in the paper."
    return order + " " + clarity
  }

  private func frontier(_ condition: String) -> Document.Figure {
    var data = CSVTable(["method", "seed", "kl", "win_rate_over_sft", "lower", "upper"])
    let series = results.standings.filter { $0.condition == condition }.map { standing in
      let points = zip(standing.overSupervised.bySeed, standing.measures).enumerated().map { index, point in
        let interval = SideBySide.wilsonInterval(point.0, count: study.condition(condition)!.task.testCount)
        let numbers = [point.1.divergence, point.0, interval.lowerBound, interval.upperBound]
        data.rows.append([standing.method, String(index + 1)] + numbers.map(\.exact))
        let hint = "seed \(index + 1): \(Wording.share(point.0)) at \(point.1.divergence.formatted(decimals: 2)) nats"
        return PointChart.Point(x: point.1.divergence, y: point.0, interval: interval, hint: hint)
      }
      return PointChart.Series(standing.method, style: style(standing.method), points)
    }
    let chart = PointChart(
      title: "Win rate over SFT by distance from it", x: ChartAxis("KL to SFT, nats a response", including: [0]),
      y: ChartAxis("win rate over SFT"), marks: .separate, series: series, reference: 0.5)
    let caption = "Every seed of what was chosen, on test prompts; intervals over prompts (Wilson). High and to the left is good."
    return Document.Figure(
      name: name("win-rate-by-kl", condition), caption: Prose(caption), drawing: chart.drawing, data: data)
  }

  // MARK: Conditions

  /// A method a row, a condition a column.
  var acrossConditions: [Document.Block] {
    var data = CSVTable(["method", "condition", "win_rate_over_sft", "lower", "upper", "exploitability"])
    let conditions = study.conditions.map(\.name)
    let cells = methods.map { method in
      conditions.map { condition -> HeatMap.Cell? in
        guard let standing = results.standing(method, condition) else { return nil }
        let (mean, interval) = (standing.overSupervised.mean, standing.overSupervised.interval)
        let numbers = [mean, interval.lowerBound, interval.upperBound, standing.exploitability.mean]
        data.rows.append([method, condition] + numbers.map(\.exact))
        let note = "\(interval.lowerBound.formatted(decimals: 2))–\(interval.upperBound.formatted(decimals: 2))"
        return HeatMap.Cell(mean, text: Wording.share(mean), note: note)
      }
    }
    let map = HeatMap(title: "Win rate over SFT by condition", rows: methods, columns: conditions, cells: cells)
    let caption: Prose = "What was chosen under each condition, on test prompts: mean over seeds, 95 % interval."
    return [
      .heading(2, "Across conditions"),
      .figures([Document.Figure(name: "conditions", caption: caption, drawing: map.drawing, data: data)]),
    ]
  }
}

extension Double {
  /// For data files: as many digits as come back.
  var exact: String { "\(self)" }
}
