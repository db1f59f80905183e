using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fairlead.Cli.Tests.Running;

/// <summary>A client that knows nothing of Fairlead: a TCP socket, and lines of text.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private readonly TcpClient _client = new();
    private readonly StreamReader _reader;

    /// <param name="address">As the tool prints it: tcp://127.0.0.1:5242?…</param>
    public RawClient(Address address)
    {
        _client.Connect(IPAddress.Loopback, address.Port!.Value);
        _reader = new StreamReader(_client.GetStream());
    }

    /// <summary>Sends bytes by one write, as a C program does.</summary>
    public async Task SayAsync(string text) =>
        await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask().WaitAsync(Watchdog);

    /// <summary>The next line; null at the end.</summary>
    public async Task<string?> LineAsync() => await _reader.ReadLineAsync().WaitAsync(Watchdog);

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
