using System.Buffers;

namespace Fairlead;

/// <summary>Memory that a message is written into before it is sent. Disposing it unsent gives it back.</summary>
/// <remarks>On byte streams it is pooled memory, from which a long message is written without another copy.</remarks>
public sealed class Loan : IDisposable
{
    private readonly Sender _sender;
    private readonly int _size;
    private byte[]? _memory;

    internal Loan(Sender sender, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        _sender = sender;
        _size = size;
        _memory = ArrayPool<byte>.Shared.Rent(size);
    }

    /// <summary>The memory; as long as was asked for, its content undefined.</summary>
    public Span<byte> Span => Rented.AsSpan(0, _size);

    /// <summary>The memory; as long as was asked for, its content undefined.</summary>
    public Memory<byte> Memory => Rented.AsMemory(0, _size);

    private byte[] Rented => _memory ?? throw new ObjectDisposedException(nameof(Loan));

    /// <summary>Type 1, blocking: sends what was written and ends the loan.</summary>
    /// <param name="length">Bytes that were written, from the start; null: all.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="token">Ends the wait.</param>
    /// <inheritdoc cref="Sender.Send" path="/exception"/>
    public void Send(int? length = null, TimeSpan? timeout = null, CancellationToken token = default)
    {
        _sender.Send(Span[..(length ?? _size)], timeout, token);
        Dispose();
    }

    /// <summary>Type 1: sends what was written and ends the loan.</summary>
    /// <inheritdoc cref="Send" path="/param|/exception"/>
    public async ValueTask SendAsync(int? length = null, CancellationToken token = default)
    {
        await _sender.SendAsync(Memory[..(length ?? _size)], token).ConfigureAwait(false);
        Dispose();
    }

    /// <summary>Ends the loan. Harmless the second time.</summary>
    public void Dispose()
    {
        byte[]? memory = Interlocked.Exchange(ref _memory, null);
        if (memory is not null)
        {
            ArrayPool<byte>.Shared.Return(memory);
        }
    }
}
