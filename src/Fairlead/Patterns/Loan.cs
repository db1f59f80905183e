using System.Buffers;
using Fairlead.Patterns.Links.Session;

namespace Fairlead;

/// <summary>Memory to write a message into before sending it. Disposing an unsent loan returns the memory and sends nothing.</summary>
/// <remarks>
/// <para>
/// With shared memory the loan lies where the receiver reads it, if the receiver has capacity for the message. That holds for up to half
/// the ring and one loan at a time. Otherwise, and on byte streams, the loan is pooled memory; a long message is written from there without
/// another copy.
/// </para>
/// <para>
/// A loan does not hold up other messages. Messages sent while it is open overtake it, and it is then copied after them. The loan stays
/// valid when the receiver dies.
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

    /// <summary>The memory, with the requested length and undefined content.</summary>
    public Span<byte> Span => Memory.Span;

    /// <summary>The memory, with the requested length and undefined content.</summary>
    public Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isOver) != 0, this);
            return _memory;
        }
    }

    /// <summary>Whether the loan lies in memory that the receiver reads.</summary>
    /// <remarks>Sending it then copies nothing, unless other messages are sent first.</remarks>
    public bool IsShared { get; }

    /// <summary>Sends the written bytes as one message (type 1) and ends the loan. Blocks until the message is buffered.</summary>
    /// <param name="length">The number of bytes written, from the start; null sends the whole loan.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
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

    /// <summary>Sends the written bytes as one message (type 1) and ends the loan.</summary>
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

    /// <summary>Ends the loan. A second call has no effect.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return;
        }

        _memory = default;
        _link?.LinkSender.EndLoan();
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

        // This loan has ended. Another one may already be open and must not be ended here.
        _link = null;
        return true;
    }
}
