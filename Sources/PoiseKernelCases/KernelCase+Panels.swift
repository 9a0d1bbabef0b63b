import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let panels = [
    packPanels("packPanels", shapes: .weights, isTransposed: true),
    packPanels("packPanelsOfRows", shapes: [], isTransposed: false),
    KernelCase(
      "appendToPanels", tested: slots, shapes: [(64, 32), (256, 64), (4_096, 64)].map { KernelShape(rows: $0.0, columns: $0.1) }
    ) {
      kernels, shape in
      let width = kernels.panelColumns
      let slots = (shape.rows + width - 1) / width * width
      let (key, value) = (Operand.normal("keys", shape.count), Operand.normal("values", shape.count))
      let keys = Operand(count: kernels.panelElements(rows: shape.columns, columns: shape.rows))
      let values = Operand(count: kernels.panelElements(rows: slots, columns: shape.columns))
      return PreparedKernel(reading: [key, value], writing: [keys, values]) {
        for slot in 0..<shape.rows {
          let vector = slot * shape.columns..<(slot + 1) * shape.columns
          kernels.appendToPanels(
            key: key.span.extracting(vector), value: value.span.extracting(vector), slot: slot, slots: slots,
            keys: keys.writing, values: values.writing)
        }
      } compare: {
        let (rows, size) = (shape.rows, shape.columns)
        let padded = value.doubles + [Double](repeating: 0, count: (slots - rows) * size)
        return [
          KernelOutput(
            "keys", keys,
            twin: Twin.packPanels(key.doubles, rows: size, columns: rows, rowStride: 1, columnStride: size, width: width), ulps: 0
          ),
          KernelOutput(
            "values", values,
            twin: Twin.packPanels(padded, rows: slots, columns: size, rowStride: size, columnStride: 1, width: width), ulps: 0),
        ]
      }
    },
    multiplyPanels("multiplyPanels", shapes: .products, isTransposed: false, adding: false),
    multiplyPanels("multiplyPanelsAddingTo", shapes: [], isTransposed: false, adding: true),
    multiplyPanels("multiplyPanelsOfColumns", shapes: [], isTransposed: true, adding: false),
    multiplyPanels("multiplyPanelsOfColumnsAddingTo", shapes: [], isTransposed: true, adding: true),
    matrixProduct("matrixProduct", shapes: .matrices, isTransposed: (false, true), adding: false),
    matrixProduct("matrixProductAddingTo", shapes: [], isTransposed: (false, false), adding: true),
    matrixProduct("matrixProductOfColumns", shapes: [], isTransposed: (true, false), adding: false),
    matrixProduct("matrixProductOfColumnsAddingTo", shapes: [], isTransposed: (true, true), adding: true),
  ]

  /// Inner dimensions are tested to more than one piece of the right factor, and widths to more than one panel.
  private static func matrixProduct(
    _ name: String, shapes: [KernelShape], isTransposed: (left: Bool, right: Bool), adding: Bool
  ) -> KernelCase {
    KernelCase(name, of: "matrixProduct", lengths: [1, 7, 16, 31, 32, 33, 65, 100], rows: { 1 + $0 % 19 }, shapes: shapes) {
      kernels, shape in
      let (m, columns) = (shape.rows, shape.columns)
      let k = [33: 300, 65: 513][columns] ?? max(3, columns)
      let (aRow, aColumn) = isTransposed.left ? (1, m + 3) : (k + 3, 1)
      let (bRow, bColumn) = isTransposed.right ? (1, k + 2) : (columns + 2, 1)
      let (a, b) = (Operand.normal("a", (m + 3) * (k + 3)), Operand.normal("b", (k + 2) * (columns + 2)))
      let scratch = Operand(count: kernels.productScratchElements)
      let c = Operand.normal("c", m * (columns + 5))
      return PreparedKernel(
        reading: [a, b], writing: adding ? [] : [c], updating: adding ? [c] : [], operations: 2 * m * k * columns
      ) {
        kernels.matrixProduct(
          a.span, aRow: aRow, aColumn: aColumn, b.span, bRow: bRow, bColumn: bColumn, rows: m, inner: k, columns: columns,
          adding: adding, scratch: scratch.writing, into: c.writing, stride: columns + 5)
      } restore: {
        c.restore()
      } compare: {
        let (elements, count) = (b.doubles, k * columns)
        let right = (0..<count).map { elements[$0 / columns * bRow + $0 % columns * bColumn] }
        let twin = Twin.multiply(
          a.doubles, rows: m, rowStride: aRow, columnStride: aColumn, right, columns: columns, adding: adding,
          stride: columns + 5, into: c.doubles)
        let size = Double(k).squareRoot()
        return [KernelOutput("c", c, twin: twin, ulps: 2 * size, ofTerms: size)]
      }
    }
  }

  private static let slots = [(1, 8), (2, 20), (31, 2), (32, 32), (33, 33), (40, 48), (64, 64)].map {
    KernelShape(rows: $0.0, columns: $0.1)
  }

  private static func packPanels(_ name: String, shapes: [KernelShape], isTransposed: Bool) -> KernelCase {
    KernelCase(name, of: "packPanels", shapes: shapes) { kernels, shape in
      let (k, columns) = (shape.rows, shape.columns)
      let (rowStride, columnStride) = isTransposed ? (1, k) : (columns, 1)
      let (b, panels) = (
        Operand.normal("b", shape.count),
        Operand([Float](repeating: .nan, count: kernels.panelElements(rows: k, columns: columns)))
      )
      return PreparedKernel(reading: [b], writing: [panels]) {
        kernels.packPanels(
          b.span, rows: k, columns: columns, rowStride: rowStride, columnStride: columnStride, into: panels.writing)
      } compare: {
        let twin = Twin.packPanels(
          b.doubles, rows: k, columns: columns, rowStride: rowStride, columnStride: columnStride, width: kernels.panelColumns)
        return [KernelOutput("panels", panels, twin: twin, ulps: 0)]
      }
    }
  }

  /// From one row to fourteen. The inner dimension is that of a square weight where it is timed, and of the widest that is tested so
  /// long that panels are worked on in two blocks.
  private static func multiplyPanels(_ name: String, shapes: [KernelShape], isTransposed: Bool, adding: Bool) -> KernelCase {
    KernelCase(name, of: "multiplyPanels", lengths: Array(1...33) + [64], rows: { 1 + $0 % 14 }, shapes: shapes) {
      kernels, shape in
      let (m, columns) = (shape.rows, shape.columns)
      let k = columns == 64 ? 1_100 : max(7, columns)
      let (rowStride, columnStride) = isTransposed ? (1, m + 3) : (k + 3, 1)
      let (a, b) = (Operand.normal("a", (m + 3) * (k + 3)), Operand.normal("b", k * columns))
      let (panels, c) = (Operand(count: kernels.panelElements(rows: k, columns: columns)), Operand.normal("c", m * (columns + 5)))
      kernels.packPanels(b.span, rows: k, columns: columns, rowStride: columns, columnStride: 1, into: panels.writing)
      return PreparedKernel(
        reading: [a, panels], writing: adding ? [] : [c], updating: adding ? [c] : [], operations: 2 * m * k * columns
      ) {
        kernels.multiplyPanels(
          a.span, rows: m, rowStride: rowStride, columnStride: columnStride, panels: panels.span, inner: k, columns: columns,
          adding: adding, stride: columns + 5, into: c.writing)
      } restore: {
        c.restore()
      } compare: {
        let twin = Twin.multiply(
          a.doubles, rows: m, rowStride: rowStride, columnStride: columnStride, b.doubles, columns: columns, adding: adding,
          stride: columns + 5, into: c.doubles)
        // Sums of k terms have the size √k, and collect k roundings: 1.3·√k ulp of that size is the worst that was found.
        let size = Double(k).squareRoot()
        return [KernelOutput("c", c, twin: twin, ulps: 2 * size, ofTerms: size)]
      }
    }
  }
}

extension [KernelShape] {
  /// Rows of a batch through weights.
  fileprivate static let matrices = [(64, 64), (512, 128), (2_048, 384)].map { KernelShape(rows: $0.0, columns: $0.1) }
  /// Rows that go through a square weight.
  fileprivate static let products = [(8, 128), (16, 384), (16, 2_048)].map { KernelShape(rows: $0.0, columns: $0.1) }
}
