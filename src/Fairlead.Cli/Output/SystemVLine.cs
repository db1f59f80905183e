using System.Globalization;

namespace Fairlead.Cli.Output;

/// <summary>A System V object as a line of JSON, and the source of table cells.</summary>
internal sealed record SystemVLine
{
    /// <summary>segment, semaphores or queue.</summary>
    public required string Kind { get; init; }

    /// <summary>The key as programs have it, in hex; absent if the object is private or removed.</summary>
    public string? Key { get; init; }

    /// <summary>The number, as in <c>ipcs</c> and <c>ipcrm</c>.</summary>
    public required int Id { get; init; }

    public required uint Owner { get; init; }

    public required uint Group { get; init; }

    public required uint Creator { get; init; }

    /// <summary>The permissions in octal.</summary>
    public required string Mode { get; init; }

    /// <summary>Of a segment: its size; of a queue: the bytes in it.</summary>
    public long? Bytes { get; init; }

    /// <summary>The number of attachments of a segment.</summary>
    public long? Attached { get; init; }

    /// <summary>The number of semaphores of a set.</summary>
    public long? Semaphores { get; init; }

    /// <summary>The messages in a queue.</summary>
    public long? Messages { get; init; }

    public int? CreatorPid { get; init; }

    /// <summary>The process that attached or detached a segment last.</summary>
    public int? LastPid { get; init; }

    public int? LastSenderPid { get; init; }

    public int? LastReceiverPid { get; init; }

    /// <summary>Whether a segment is removed, and exists only for the processes that have it attached.</summary>
    public bool? Removed { get; init; }

    /// <summary>When a process used it last.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>The content in words.</summary>
    public string Content() => (Semaphores, Messages) switch
    {
        ({ } semaphores, _) => Count(semaphores, "semaphore"),
        (_, { } messages) => $"{Count(messages, "message")}, {Count(Bytes ?? 0, "byte")}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Count(Bytes ?? 0, "byte")}, {Attached} attached"),
    };

    /// <summary>The processes in words.</summary>
    public string Processes()
    {
        List<string> words = [];
        Add("creator", CreatorPid);
        Add("last", LastPid);
        Add("sender", LastSenderPid);
        Add("receiver", LastReceiverPid);
        return words.Count == 0 ? "-" : string.Join(", ", words);

        void Add(string role, int? pid)
        {
            if (pid is { } number)
            {
                words.Add(string.Create(CultureInfo.InvariantCulture, $"{role} {number}"));
            }
        }
    }

    private static string Count(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");
}
