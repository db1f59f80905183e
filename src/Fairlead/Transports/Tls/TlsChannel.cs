using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Tls;

/// <summary>The byte channel of a TLS connection whose handshake is complete.</summary>
/// <remarks>
/// <code>
///  Write: queue → SslStream → records → socket         Read: socket → records → SslStream → room
/// </code>
/// The thread that reads or writes does all of it; there are no tasks. Bytes leave the queue when the kernel has their records, and not
/// when they are encrypted, so the count of unwritten bytes stays right.
/// <para>One thread may write while another reads: <c>SslStream</c> never encrypts and decrypts at the same time. But its end of sending
/// decrypts, too, and excludes nothing. The lock of the channel keeps it apart from reading.</para>
/// </remarks>
internal sealed class TlsChannel : ByteChannel
{
    /// <summary>The bytes that are encrypted together: six records, enough for a batch of a stream.</summary>
    private const int LongestTurn = 96 * 1024;

    private readonly RankedLock _gate = new(LockRank.TlsState);
    private readonly Descriptor _socket;
    private readonly RecordStream _records;
    private readonly SslStream _tls;
    private readonly FlaggedPollSet _more;
    private readonly TimeSpan _linger;

    // Of the reading thread.
    private ValueTask<int> _wait;
    private bool _isWaiting;
    private bool _saysMore;

    // Of the writing thread: the bytes of the queue whose records the kernel does not have yet.
    private int _encrypted;
    private bool _hasEnded;
    private Farewell? _farewell;
    private volatile bool _isAborted;

    /// <param name="socket">The socket, owned by the channel.</param>
    /// <param name="records">The stream under <paramref name="tls"/>, owned by the channel.</param>
    /// <param name="tls">The stream, owned by the channel.</param>
    /// <param name="linger">How long to stay open after the close for bytes that the peer lacks.</param>
    public TlsChannel(Descriptor socket, RecordStream records, SslStream tls, TimeSpan linger)
    {
        _linger = linger;
        _socket = socket;
        _records = records;
        _tls = tls;
        _more = new FlaggedPollSet(socket);
        _records.BeginPumping();

        // The last bytes of the handshake may have come with the first data.
        SayMore(true);
    }

    /// <summary>Readable when the socket is, or when there is decrypted data.</summary>
    public override Descriptor WaitDescriptor => _more.Descriptor;

    public override Descriptor OutputDescriptor => _socket;

    // A read that does not fill its buffer has seen that the socket is empty.
    public override bool IsDrainedByShortRead => true;

    public override IoResult Read(Span<byte> room)
    {
        using RankedLock.Scope scope = _gate.Hold();
        int count = 0;
        _records.Resume();
        while (count < room.Length)
        {
            if (!_isWaiting)
            {
                // Without a buffer: an idle connection holds none. When this completes, there is data, or the end.
#pragma warning disable CA2012 // Kept while it is incomplete, and consumed once.
                _wait = _tls.ReadAsync(Memory<byte>.Empty);
#pragma warning restore CA2012
                _isWaiting = true;
            }

            if (!_wait.IsCompleted)
            {
                SayMore(false);
                return count > 0 ? IoResult.Done(count) : IoResult.Failed(Errno.EAGAIN);
            }

            int read;
            try
            {
                _isWaiting = false;
                _wait.GetAwaiter().GetResult();
                read = _tls.Read(room[count..]);
            }
            catch (Exception exception) when (IsOfTls(exception))
            {
                return count > 0 ? Again(count) : EndOf(exception);
            }

            if (read == 0)
            {
                // A peer that ends in order says so within TLS. A third party may have cut a socket that only ends.
                return count > 0 ? Again(count)
                    : _records.HasEnded ? IoResult.Failed(_records.Error == Errno.None ? Errno.ECONNRESET : _records.Error)
                    : IoResult.Done(0);
            }

            count += read;
        }

        // There may be decrypted data that the socket does not show.
        return Again(count);
    }

    public override IoResult Write(OutputQueue output)
    {
        if (_encrypted == 0)
        {
            try
            {
                _encrypted = Encrypt(output.First, LongestTurn);
                _encrypted += Encrypt(output.Second, LongestTurn - _encrypted);
                _encrypted += Encrypt(output.Third, LongestTurn - _encrypted);
            }
            catch (Exception exception) when (IsOfTls(exception))
            {
                return IoResult.Failed(Errno.EPIPE);
            }
        }

        IoResult result = _records.FlushOutput();
        if (!result.Ok)
        {
            return result;
        }

        int written = _encrypted;
        _encrypted = 0;
        return IoResult.Done(written);
    }

    public override void EndSending()
    {
        _hasEnded = true;
        try
        {
            Task shutdown;
            using (_gate.Hold())
            {
                // Completes at once, because writing a record only adds to the output.
                shutdown = _tls.ShutdownAsync();
            }

            if (shutdown.IsCompletedSuccessfully && _records.FlushOutput().WouldBlock)
            {
                _farewell ??= Farewell.Begin(_socket, _records);
                return;
            }
        }
        catch (Exception exception) when (IsOfTls(exception))
        {
            // The connection is broken, and the peer cannot be told.
        }

        _socket.ShutdownSocket(ShutdownHow.Write);
    }

    public override void Abort()
    {
        _isAborted = true;
        _socket.ShutdownSocket(ShutdownHow.Both);
    }

    public override void Dispose()
    {
        if (!_isAborted && !_hasEnded)
        {
            // As closing a socket does: the peer sees an end in order. Whatever fails here, what follows is given back.
            Finishing.Do("a TLS connection", () => EndSending());
        }

        _farewell?.Dispose();
        _records.Cancel();

        // The end of TLS itself may be left. Data that is left was given up.
        byte[] rest = _isAborted || _encrypted > 0 ? [] : _records.CopyOutput();
        if (_isWaiting)
        {
            // Observed, and so returned to its pool.
            Finishing.Do("a TLS connection", () => EndWait());
        }

        _more.Dispose();
        _tls.Dispose();
        if (_isAborted)
        {
            _socket.Dispose();
        }
        else
        {
            LingeringClose.Close(_socket, rest, _linger);
        }
    }

    private void EndWait()
    {
        try
        {
            _isWaiting = false;
            if (_wait.IsCompleted)
            {
                _wait.GetAwaiter().GetResult();
            }
        }
        catch (Exception exception) when (IsOfTls(exception))
        {
            // It was ended by the disposal.
        }
    }

    private int Encrypt(ReadOnlySpan<byte> bytes, int most)
    {
        int count = Math.Min(bytes.Length, most);
        if (count > 0)
        {
            _tls.Write(bytes[..count]);
        }

        return count;
    }

    private IoResult Again(int count)
    {
        SayMore(true);
        return IoResult.Done(count);
    }

    /// <exception cref="FairleadException">The peer ended the connection for a reason, or its bytes are not TLS.</exception>
    private IoResult EndOf(Exception exception)
    {
        if (_records.HasEnded)
        {
            return IoResult.Failed(_records.Error == Errno.None ? Errno.ECONNRESET : _records.Error);
        }

        throw TlsErrors.DuringUse(exception);
    }

    /// <summary>Whether it is one of the exceptions by which <c>SslStream</c> reports a broken connection.</summary>
    /// <remarks>It does not wrap those of the cryptographic library when it ends the sending.</remarks>
    private static bool IsOfTls(Exception exception) =>
        exception is IOException or AuthenticationException or CryptographicException
            or ObjectDisposedException or InvalidOperationException;

    private void SayMore(bool says)
    {
        if (says == _saysMore)
        {
            return;
        }

        _saysMore = says;
        if (says)
        {
            _more.Signal();
        }
        else
        {
            _more.Drain();
        }
    }

    /// <summary>
    /// Writes the rest of the last record when the kernel takes it, and then ends the socket's sending, while the channel still reads.
    /// </summary>
    private sealed class Farewell(Descriptor socket, RecordStream records) : IReactorClient, IDisposable
    {
        private Registration? _registration;

        public static Farewell Begin(Descriptor socket, RecordStream records)
        {
            Farewell farewell = new(socket, records);
            farewell._registration = Reactor.Shared.Register(socket, farewell);
            farewell._registration.Arm(PollEvents.Write);
            return farewell;
        }

        public void OnReady(PollEvents events)
        {
            if (records.FlushOutput().WouldBlock)
            {
                _registration?.Arm(PollEvents.Write);
            }
            else
            {
                socket.ShutdownSocket(ShutdownHow.Write);
            }
        }

        public void Dispose() => _registration?.Dispose();
    }
}
