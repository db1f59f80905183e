using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairlead.Logs;

namespace Fairlead.Cli.Output;

/// <summary>The tool's output for programs: one object per line.</summary>
[JsonSerializable(typeof(BoardLine))]
[JsonSerializable(typeof(CertificateLine))]
[JsonSerializable(typeof(ContractLine))]
[JsonSerializable(typeof(DifferenceLine))]
[JsonSerializable(typeof(EchoLine))]
[JsonSerializable(typeof(EndpointLine))]
[JsonSerializable(typeof(DeadlockLine))]
[JsonSerializable(typeof(InstanceLine))]
[JsonSerializable(typeof(InterfaceLine))]
[JsonSerializable(typeof(LabLine))]
[JsonSerializable(typeof(LockLine))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(MessageLine))]
[JsonSerializable(typeof(PortLine))]
[JsonSerializable(typeof(PresenceLine))]
[JsonSerializable(typeof(RecordLine))]
[JsonSerializable(typeof(ResolveLine))]
[JsonSerializable(typeof(SegmentLine))]
[JsonSerializable(typeof(SystemVLine))]
[JsonSerializable(typeof(TimeLine))]
[JsonSerializable(typeof(SpawnLine))]
[JsonSerializable(typeof(SupervisedLine))]
[JsonSerializable(typeof(SignalLine))]
[JsonSerializable(typeof(SignalNumberLine))]
[JsonSerializable(typeof(TourLine))]
[JsonSerializable(typeof(WorkItemLine))]
internal sealed partial class OutputJson : JsonSerializerContext
{
    /// <summary>Writes letters of all languages unescaped; these lines are not for web pages.</summary>
    public static OutputJson Readable { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });
}
