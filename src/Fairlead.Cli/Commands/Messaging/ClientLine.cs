namespace Fairlead.Cli.Commands.Messaging;

/// <summary>The messages that wait for one client of a hub. Only this client waits for them.</summary>
/// <remarks>One caller adds. The number of waiting bytes and the caller that waits for room are under the lock.</remarks>
/// <param name="send">Sends one message to the client, and waits as long as it may.</param>
internal sealed class ClientLine(Func<ReadOnlyMemory<byte>, Task> send)
{
    /// <summary>The most bytes that wait for one client before the other clients wait, too.</summary>
    public const long Most = 16 * 1024 * 1024;

    private readonly Lock _gate = new();
    private long _bytes;
    private TaskCompletionSource? _room;

    /// <summary>Completes when everything added so far is sent, or given up.</summary>
    public Task Last { get; private set; } = Task.CompletedTask;

    /// <summary>Adds a message. Waits only if too much waits for this client already.</summary>
    public async Task AddAsync(ReadOnlyMemory<byte> message)
    {
        while (RoomFor(message.Length) is { } room)
        {
            await room;
        }

        if (Last.IsFaulted)
        {
            await Last;
        }

        // The caller's buffer is its own again when this returns. The sending call copies what it does not send at once.
        Last = SendAsync(Last, Last.IsCompleted ? message : message.ToArray());
    }

    private async Task SendAsync(Task before, ReadOnlyMemory<byte> message)
    {
        try
        {
            await before;
            await send(message);
        }
        finally
        {
            lock (_gate)
            {
                _bytes -= message.Length;
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    /// <summary>Counts a message in, or returns what to wait for.</summary>
    private Task? RoomFor(int length)
    {
        lock (_gate)
        {
            if (_bytes == 0 || _bytes + length <= Most)
            {
                _bytes += length;
                return null;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }
}
