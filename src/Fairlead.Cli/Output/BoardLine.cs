using System.Text.Json.Serialization;
using Fairlead.Memory;

namespace Fairlead.Cli.Output;

/// <summary>A cell of a board as a line of JSON, and what the table takes its cells from. An empty board has a line, too.</summary>
internal sealed record BoardLine
{
    public required string Board { get; init; }

    /// <summary>The key; this and what follows is not there for a board without cells.</summary>
    public string? Cell { get; init; }

    public string? Type { get; init; }

    /// <summary>The size of a value, in bytes.</summary>
    public int? Size { get; init; }

    /// <summary>The fingerprint of the type's layout.</summary>
    public string? Layout { get; init; }

    /// <summary>How many values were written.</summary>
    public long? Version { get; init; }

    /// <summary>The writer; not there where none lives.</summary>
    public int? Pid { get; init; }

    /// <summary>The whole command line.</summary>
    public string? Program { get; init; }

    /// <summary>Since when it is the writer.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether the last writer died, and no other has followed.</summary>
    public bool? WriterDied { get; init; }

    [JsonIgnore]
    public string? ProgramName => Program is null ? null : EndpointLine.NameOf(Program);

    public static IEnumerable<BoardLine> Of(SharedBoardInfo board) =>
        board.Damage is not null ? []
        : board.Cells.Count == 0 ? [new BoardLine { Board = board.Name }]
        : board.Cells.Select(cell => new BoardLine
        {
            Board = board.Name,
            Cell = cell.Key,
            Type = cell.Type,
            Size = cell.Size,
            Layout = cell.Layout,
            Version = cell.Version,
            Pid = cell.Writer?.Peer.ProcessId,
            Program = cell.Writer?.Peer.Program,
            Since = cell.Writer?.Since,
            WriterDied = cell.WriterDied,
        });
}
