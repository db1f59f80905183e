using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>A duplex talk as it was asked for.</summary>
/// <param name="ReadAsync">The next piece of stdin; null at its end.</param>
/// <param name="Output">Where goes what comes.</param>
/// <param name="Count">How many messages are to come; null: as many as do.</param>
/// <param name="Keeps">Whether it goes on when stdin ends.</param>
/// <param name="TellsEnd">Whether the other end is told that stdin has ended, while it may still speak.</param>
internal sealed record Talk(
    Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> ReadAsync,
    MessageOutput Output,
    long? Count,
    bool Keeps,
    bool TellsEnd = false);
