using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <summary>An endpoint as a <see cref="Stream"/>: sends what is written and reads what is received, as bytes without boundaries.</summary>
/// <remarks>
/// Reading returns 0 at the end of a peer. On a bound endpoint, later reads return the bytes of the next peer. Disposing the stream closes
/// the endpoint. The stream allows one reader and one writer at a time.
/// </remarks>
internal sealed class EndpointStream(MessagingEndpoint endpoint, bool canRead, bool canWrite) : Stream
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly EndpointCore _core = endpoint.Core;
    private Message _message;
    private int _position;
    private Link? _talk;
    private Link? _ended;
    private bool _isDisposed;

    public override bool CanRead => canRead && !_isDisposed;

    public override bool CanWrite => canWrite && !_isDisposed;

    public override bool CanSeek => false;

    public override bool CanTimeout => true;

    public override int ReadTimeout { get; set => field = Checked(value); } = Timeout.Infinite;

    public override int WriteTimeout { get; set => field = Checked(value); } = Timeout.Infinite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether the peer of a bound end left before this stream existed to be notified.</summary>
    private bool HasTalkEnded =>
        _message == default && !_core.EndsWithPeer && _talk is { State: LinkState.Down } talk && _core.Receivers.HasNoInbound(talk);

    private bool HasRest => _message != default && _position < _message.Length;

    public override int Read(Span<byte> buffer)
    {
        ThrowUnless(canRead, "only sends");
        try
        {
            while (!HasRest)
            {
                if (HasTalkEnded)
                {
                    return EndTalk(_talk!);
                }

                Deadline deadline = Deadline.After(
                    ReadTimeout == Timeout.Infinite ? null : TimeSpan.FromMilliseconds(ReadTimeout), _core.Settings.Time);
                if (!Take(_message != default ? null : _core.Receivers.Receive(deadline, CancellationToken.None), deadline.Passed))
                {
                    return 0;
                }
            }

            return Copy(buffer);
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(canRead, "only sends");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            while (!HasRest)
            {
                if (HasTalkEnded)
                {
                    return EndTalk(_talk!);
                }

                MessageCore? received =
                    _message != default ? null : await _core.Receivers.ReceiveAsync(null, cancellationToken).ConfigureAwait(false);
                if (!Take(received, isLate: false))
                {
                    return 0;
                }
            }

            return Copy(buffer.Span);
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ThrowUnless(canWrite, "only receives");
        TimeSpan? timeout = WriteTimeout == Timeout.Infinite ? null : TimeSpan.FromMilliseconds(WriteTimeout);
        try
        {
            while (!buffer.IsEmpty)
            {
                int piece = Math.Min(buffer.Length, _core.Settings.LongestPiece);
                new Outbox(_core).Send(buffer[..piece], timeout, CancellationToken.None);
                buffer = buffer[piece..];
            }
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(canWrite, "only receives");
        try
        {
            while (!buffer.IsEmpty)
            {
                int piece = Math.Min(buffer.Length, _core.Settings.LongestPiece);
                await new Outbox(_core).SendAsync(buffer[..piece], cancellationToken).ConfigureAwait(false);
                buffer = buffer[piece..];
            }
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    public override void Flush()
    {
        if (!canWrite || _isDisposed)
        {
            return;
        }

        try
        {
            TimeSpan? timeout = WriteTimeout == Timeout.Infinite ? null : TimeSpan.FromMilliseconds(WriteTimeout);
            new Flushing(_core).Flush(timeout, CancellationToken.None);
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (!canWrite || _isDisposed)
        {
            return;
        }

        try
        {
            await new Flushing(_core).FlushAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (FairleadException exception)
        {
            throw Failure(exception);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int ReadByte()
    {
        byte one = 0;
        return Read(new Span<byte>(ref one)) == 0 ? -1 : one;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (End())
        {
            await _core.CloseAsync(CloseTimeout).ConfigureAwait(false);
            GiveBack();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && End())
        {
            // Same as DisposeAsync: a caller that disposes a stream expects the written bytes to arrive.
            Opening.Wait(_core.CloseAsync(CloseTimeout));
            GiveBack();
        }

        base.Dispose(disposing);
    }

    private static int Checked(int timeout) =>
        timeout is > 0 or Timeout.Infinite
            ? timeout
            : throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "A timeout is a number of milliseconds above 0, or Timeout.Infinite.");

    private static IOException Failure(FairleadException exception) => new(exception.Message, exception);

    private bool End()
    {
        bool isFirst = !_isDisposed;
        _isDisposed = true;
        return isFirst;
    }

    /// <summary>Takes the received message, if there is one. Returns false at the end of a peer.</summary>
    private bool Take(MessageCore? received, bool isLate)
    {
        if (received is not null)
        {
            _message = new Message(received);
            _position = 0;
        }
        else if (_message == default)
        {
            if (isLate && _core.Presence.LastEnd is null)
            {
                string span = SecondsText.Of(TimeSpan.FromMilliseconds(ReadTimeout));
                throw new FairleadException(ErrorCode.Timeout, $"no data arrived within {span}")
                {
                    Address = _core.Address,
                };
            }

            return _core.Presence.LastEnd is null or { Reason: CloseReason.ClosedByPeer } ? false : throw _core.Presence.EndException();
        }

        Link from = Link.Of(_message.Core.PeerLink);
        if (_talk is not null && _talk != from)
        {
            // The first message of the next peer. The end of the previous peer is reported first.
            EndTalk(_talk);
            return false;
        }

        if (_message.Kind == MessageKind.Left)
        {
            GiveBack();
            if (from != _ended)
            {
                EndTalk(from);
                return false;
            }

            return true;
        }

        _talk = from;

        // An empty message contributes no bytes.
        if (_message.Length == 0)
        {
            _message.AcceptUnlessDisposed();
            GiveBack();
        }

        return true;
    }

    /// <summary>Returns 0, the end of the stream, for a peer that closed in order; throws for one that did not.</summary>
    private int EndTalk(Link link)
    {
        _talk = null;
        _ended = link;
        return link.End is null or { Reason: CloseReason.ClosedByPeer } ? 0 : throw link.EndException();
    }

    private int Copy(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _message.Length - _position);
        _message.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        if (!HasRest)
        {
            // Read to the end: a sender that waits for a receipt gets it now.
            _message.AcceptUnlessDisposed();
            GiveBack();
        }

        return count;
    }

    private void GiveBack()
    {
        _message.Dispose();
        _message = default;
        _position = 0;
    }

    private void ThrowUnless(bool isAble, string what)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!isAble)
        {
            throw new NotSupportedException($"The endpoint {what}.");
        }
    }
}
