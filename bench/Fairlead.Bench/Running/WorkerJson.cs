using System.Text.Json.Serialization;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>The line that a client writes for each round.</summary>
[JsonSerializable(typeof(Round))]
internal sealed partial class WorkerJson : JsonSerializerContext;
