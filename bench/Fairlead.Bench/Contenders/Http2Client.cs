using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Calls over HTTP/2, without negotiation, and over one connection. A client of gRPC does no less for a call.
/// </summary>
internal sealed class Http2Client : IDisposable
{
    private static readonly Uri Target = new("http://localhost/add");
    private static readonly MediaTypeHeaderValue Type = new("application/octet-stream");
    private readonly HttpClient _http;

    public Http2Client(Session session)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => new(new NetworkStream(UnixSockets.Connect(session), ownsSocket: true)),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        });
    }

    public async ValueTask<int> AddAsync(int a, int b)
    {
        byte[] body = new byte[Summands.Size];
        BitConverter.TryWriteBytes(body, a);
        BitConverter.TryWriteBytes(body.AsSpan(sizeof(int)), b);
        using HttpRequestMessage request = new(HttpMethod.Post, Target)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = Type } },
        };
        using HttpResponseMessage response =
            await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        Stream reply = await response.Content.ReadAsStreamAsync().ConfigureAwait(false);
        await using (reply.ConfigureAwait(false))
        {
            // The array of the request has room for the sum; the second read sees the end, without which the call would be reset.
            await reply.ReadExactlyAsync(body.AsMemory(0, sizeof(int))).ConfigureAwait(false);
            return await reply.ReadAsync(body.AsMemory(sizeof(int))).ConfigureAwait(false) == 0
                ? BitConverter.ToInt32(body)
                : throw new InvalidDataException("the response is longer than a sum");
        }
    }

    public void Dispose() => _http.Dispose();
}
