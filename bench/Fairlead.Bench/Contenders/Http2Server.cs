using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// HTTP/2 over a Unix socket: Kestrel with one handler and nothing between them. The body of a request is two numbers, that of a response
/// their sum.
/// </summary>
internal static class Http2Server
{
    public static void Serve(Session session, Action listening)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
            options.ListenUnixSocket(session.SocketPath, listen => listen.Protocols = HttpProtocols.Http2));
        var server = builder.Build();
        server.Run(AddAsync);
        server.Start();
        listening();
        server.WaitForShutdown();
    }

    private static async Task AddAsync(HttpContext context)
    {
        ReadResult body = await context.Request.BodyReader.ReadAtLeastAsync(Summands.Size).ConfigureAwait(false);
        int sum = Add(body.Buffer);
        context.Request.BodyReader.AdvanceTo(body.Buffer.End);
        context.Response.ContentLength = sizeof(int);
        Summands.Put(context.Response.BodyWriter.GetSpan(sizeof(int)), sum);
        context.Response.BodyWriter.Advance(sizeof(int));
    }

    private static int Add(in ReadOnlySequence<byte> body)
    {
        Span<byte> summands = stackalloc byte[Summands.Size];
        body.CopyTo(summands);
        return BitConverter.ToInt32(summands) + BitConverter.ToInt32(summands[sizeof(int)..]);
    }
}
