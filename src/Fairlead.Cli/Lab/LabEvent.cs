using System.Text.Json.Serialization;

namespace Fairlead.Cli.Lab;

/// <summary>The kinds of events, in the narration and in the chart.</summary>
internal enum LabEventKind
{
    /// <summary>A process begins.</summary>
    Starts,

    /// <summary>A step that concerns its process alone.</summary>
    Says,

    /// <summary>A message leaves; <see cref="LabEvent.Link"/> finds its receipt.</summary>
    Sends,

    /// <summary>A message arrives.</summary>
    Receives,

    /// <summary>A wait begins.</summary>
    Waits,

    /// <summary>The wait is over.</summary>
    GoesOn,

    /// <summary>The lab sends a signal to a process.</summary>
    Signals,

    /// <summary>A process is seen in a state of the kernel.</summary>
    Seen,

    /// <summary>A process has ended.</summary>
    Ends,

    /// <summary>A number or text for the claims. Not shown.</summary>
    Fact,

    /// <summary>A process has reached a cue of the director. Not shown.</summary>
    Cue,
}

/// <summary>An event of an experiment. A process writes its events as lines of JSON on its stdout.</summary>
/// <param name="At">Nanoseconds of the monotonic clock, which all processes of the machine share.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Text">The text for the narration; a fact's or cue's name.</param>
/// <param name="Link">Sends and receives: the same text at both ends. Facts: the value.</param>
internal sealed record LabEvent(long At, LabEventKind Kind, string Text, string? Link = null)
{
    /// <summary>The lane of the chart: the name of the process, or <see cref="Director.Lane"/>.</summary>
    public string Lane { get; init; } = "";

    /// <summary>The process ID; 0 for the lab.</summary>
    public int Id { get; init; }

    /// <summary>Whether people see it.</summary>
    [JsonIgnore]
    public bool IsShown => Kind is not (LabEventKind.Fact or LabEventKind.Cue);
}

/// <summary>The JSON between the director and the processes.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(LabEvent))]
internal sealed partial class LabEventJson : JsonSerializerContext;
