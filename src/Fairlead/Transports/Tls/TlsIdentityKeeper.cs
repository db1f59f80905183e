namespace Fairlead.Transports.Tls;

/// <summary>The identity of a listener, which follows its files: a renewed certificate needs no restart.</summary>
/// <remarks>
/// The files are read again for a handshake, at most once a second. Files that cannot be used change nothing, and are reported. Any
/// thread.
/// </remarks>
internal sealed class TlsIdentityKeeper
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Address _address;
    private readonly string _shown;
    private readonly TimeProvider _time;
    private TlsIdentity _current;
    private long _read;
    private string? _problem;
    private int _isReading;

    /// <param name="first">The identity until the files change.</param>
    /// <param name="address">The address that names the files.</param>
    /// <param name="shown">The address that reports name.</param>
    /// <param name="time">The clock.</param>
    public TlsIdentityKeeper(TlsIdentity first, Address address, Address shown, TimeProvider time)
    {
        _address = address;
        _shown = shown.Display;
        _time = time;
        _current = first;
        _read = time.GetTimestamp();
    }

    /// <summary>Returns the identity for the next handshake.</summary>
    public TlsIdentity Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _read)) >= Interval && Interlocked.Exchange(ref _isReading, 1) == 0)
            {
                try
                {
                    Volatile.Write(ref _current, Volatile.Read(ref _current).Reload(_address));
                    _problem = null;
                }
                catch (FairleadException exception)
                {
                    Report(exception.Message);
                }
                finally
                {
                    Volatile.Write(ref _read, _time.GetTimestamp());
                    Volatile.Write(ref _isReading, 0);
                }
            }

            return Volatile.Read(ref _current);
        }
    }

    private void Report(string problem)
    {
        if (problem != _problem)
        {
            _problem = problem;
            FairleadEventSource.Log.CertificateKept(_shown, problem);
        }
    }
}
