/// The functions of the kernel table as a profile tells them apart; overloads go by one name.
enum KernelName: UInt8, CaseIterable {
  case exponential, add, addScaled, scale, addBias, biasBackward
  case sumOfSquares, rmsNormForward, rmsNormBackward, layerNormForward, layerNormBackward
  case geluForward, geluBackward, siluGateForward, siluGateBackward
  case geluGateForward, geluGateBackward, reluForward, reluBackward
  case rotaryForward, rotaryBackward
  case embeddingForward, embeddingBackward
  case attentionForward, attentionBackward, crossAttentionForward, crossAttentionBackward, decodingAttention, appendToPanels
  case packPanels, multiplyPanels
  case logSumExp, logPartitions, logSoftmax, targetLogProbabilities, logProbabilityBackward
  case entropies, divergences, geometricMixture, drawToken
  case adamW, adafactorMoments, adafactorDirection
}
