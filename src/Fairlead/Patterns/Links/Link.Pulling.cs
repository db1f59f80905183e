using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>The short way up: from where a message lies into its receiver's hands.</content>
internal sealed partial class Link
{
    /// <summary>So many messages in a row that nothing was sent between are a stream.</summary>
    private const int StreamLength = 64;

    /// <summary>Some 2 µs.</summary>
    private const int LingerSpins = 60;

    private int _takenInRow;
    private bool _hasLingered;

    /// <summary>
    /// Before a look at what a streaming peer publishes: lets some messages come together. Who looks for each single one fetches the line of the position each time, which costs the peer many times what the
    /// message does. Where nothing came meanwhile it was no stream.
    /// </summary>
    public void Linger()
    {
        if (_takenInRow >= StreamLength && _connection.IsDrained && _endpoint.Settings.Waiting != WaitMode.Latency)
        {
            Thread.SpinWait(LingerSpins);
            _hasLingered = true;
        }
    }

    /// <summary>
    /// The next message straight out of the connection's memory, if it is a short one and nothing lies before it. What else there may be, an answer, an end, something wrong, is left to
    /// <see cref="Receive"/>. Under the endpoint's gate while nobody pumps.
    /// </summary>
    public MessageCore? TryPull()
    {
        if (_state != LinkState.Up || _isPaused || _arrived.Count > 0 || _inbound.Count > 0)
        {
            return null;
        }

        if (!_connection.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _takenInRow = _hasLingered ? 0 : _takenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;

        // Nothing is unread: it is within the credit that its sender has.
        if (!header.Kind.IsData() || header.HeadLength > 0 || !_endpoint.Profile.Accepts(header.Kind) || !TryNoteAck(header.Ack))
        {
            return null;
        }

        MessageCore message = MessageCore.Copy(this, header, body);
        _connection.Pass(body.Length);
        _takenInRow++;
        _received++;
        _consumed++;
        _consumedBytes += header.Length;
        _consumedBytesSinceAck += header.Length;
        if (PeerHeartbeat > TimeSpan.Zero || _endpoint.Settings.Heartbeat > TimeSpan.Zero)
        {
            _lastHeard = _time.GetTimestamp();
        }

        return message;
    }

    /// <summary>Takes note of an acknowledgement for which nobody waits.</summary>
    private bool TryNoteAck(uint acknowledged)
    {
        if (acknowledged == Volatile.Read(ref _acknowledged))
        {
            return true;
        }

        using (_sending.Hold())
        {
            uint count = acknowledged - _acknowledged;
            if (IsSeated || _queued.Count > 0 || count > (uint)_outstandingSizes.Count || _isCloseWritten || _endpoint.HearsOfCredit)
            {
                return false;
            }

            for (; count > 0; count--)
            {
                _outstandingBytes -= _outstandingSizes.Dequeue();
            }

            Volatile.Write(ref _acknowledged, acknowledged);
            return true;
        }
    }
}
