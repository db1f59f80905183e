using System.Buffers;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>Memory that a message is written into before it is sent. Disposing it unsent gives it back, and leaves no trace.</summary>
/// <remarks>
/// <para>
/// Over shared memory it lies where the receiver reads it, as long as the receiver has room for the message: up to half the ring, one loan
/// at a time. Else, and on byte streams, it is pooled memory, from which a long message is written without another copy.
/// </para>
/// <para>
/// A loan holds up nobody: messages that are sent while it is open go before it, and it is then copied behind them. It stays valid when the
/// receiver dies.
/// </para>
/// </remarks>
public sealed class Loan : IDisposable
{
    private readonly Sender _sender;
    private Link? _link;
    private readonly byte[]? _pooled;
    private Memory<byte> _memory;
    private int _isOver;

    internal Loan(Sender sender, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        _sender = sender;
        _link = sender.TryLoan(size, out _memory);
        if (_link is null)
        {
            _pooled = ArrayPool<byte>.Shared.Rent(size);
            _memory = _pooled.AsMemory(0, size);
        }

        IsShared = _link is not null;
    }

    /// <summary>The memory; as long as was asked for, its content undefined.</summary>
    public Span<byte> Span => Memory.Span;

    /// <summary>The memory; as long as was asked for, its content undefined.</summary>
    public Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isOver) != 0, this);
            return _memory;
        }
    }

    /// <summary>
    /// Whether it lies in memory that the receiver reads: then sending it copies nothing, unless other messages are sent before it.
    /// </summary>
    public bool IsShared { get; }

    /// <summary>Type 1, blocking: sends what was written and ends the loan.</summary>
    /// <param name="length">Bytes that were written, from the start; null: all.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public void Send(int? length = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Memory<byte> message = Memory[..(length ?? _memory.Length)];
        cancellationToken.ThrowIfCancellationRequested();
        if (!TrySendInPlace(message.Length))
        {
            _sender.Send(message.Span, timeout, cancellationToken);
        }

        Dispose();
    }

    /// <summary>Type 1: sends what was written and ends the loan.</summary>
    /// <inheritdoc cref="Send" path="/param|/exception"/>
    public async ValueTask SendAsync(int? length = null, CancellationToken cancellationToken = default)
    {
        Memory<byte> message = Memory[..(length ?? _memory.Length)];
        cancellationToken.ThrowIfCancellationRequested();
        if (!TrySendInPlace(message.Length))
        {
            await _sender.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }

        Dispose();
    }

    /// <summary>Ends the loan. Harmless the second time.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return;
        }

        _memory = default;
        _link?.Sending.EndLoan();
        if (_pooled is not null)
        {
            ArrayPool<byte>.Shared.Return(_pooled);
        }
    }

    private bool TrySendInPlace(int length)
    {
        if (_link is null || !_sender.TrySendLoan(_link, length))
        {
            return false;
        }

        // It is over: there may be another already, which is not to be ended here.
        _link = null;
        return true;
    }
}
