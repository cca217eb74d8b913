import CLMat
import ModelOperations

// Types of ModelOperations that the models here are made of or give back, for programs that import this module alone.

/// ``Assignment`` of the module `ModelOperations`.
public typealias Assignment = ModelOperations.Assignment
/// ``CentroidIndex`` of the module `ModelOperations`.
public typealias CentroidIndex = ModelOperations.CentroidIndex
/// ``ClusterSums`` of the module `ModelOperations`.
public typealias ClusterSums = ModelOperations.ClusterSums
/// ``LangevinChains`` of the module `ModelOperations`.
public typealias LangevinChains = ModelOperations.LangevinChains
/// ``TopicCounts`` of the module `ModelOperations`.
public typealias TopicCounts = ModelOperations.TopicCounts
/// ``TopicSampler`` of the module `ModelOperations`.
public typealias TopicSampler = ModelOperations.TopicSampler
/// ``TopicSampling`` of the module `ModelOperations`.
public typealias TopicSampling = ModelOperations.TopicSampling
