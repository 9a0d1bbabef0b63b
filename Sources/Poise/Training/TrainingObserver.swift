/// Something that looks at what is trained between two steps, and changes nothing of it.
public protocol TrainingObserver: AnyObject {
  /// Adds what it sees to the record of the step that has just been made.
  ///
  /// - Parameter isLast: whether no step will follow.
  func observe(_ record: inout StepRecord, isLast: Bool) throws
}

/// When an observer looks: every so many steps and after the last.
struct LookSchedule {
  /// 1 or more.
  let every: Int

  func includes(step: Int, isLast: Bool) -> Bool { isLast || step % every == 0 }
}
