using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>The settings of a duplex talk.</summary>
/// <param name="ReadAsync">Returns the next piece of stdin; null at its end.</param>
/// <param name="Output">The destination of received messages.</param>
/// <param name="Count">How many messages to receive; null: no limit.</param>
/// <param name="Keeps">Whether it continues at the end of stdin.</param>
/// <param name="TellsEnd">
/// Whether the other end learns that stdin has ended, while it may still send. Fairlead's own protocol has no such notice.
/// </param>
internal sealed record Talk(
    Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> ReadAsync,
    MessageOutput Output,
    long? Count,
    bool Keeps,
    bool TellsEnd = false);
