using System.Buffers;
using System.Text.Json;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Calls a member of a service, and prints its result: a line of JSON, or one for each item of a stream.</summary>
/// <param name="channel">The way to the service.</param>
/// <param name="member">The member.</param>
/// <param name="arguments">The arguments.</param>
/// <param name="callbacks">The parameters that are called back.</param>
/// <param name="timeout">The longest wait for an answer; null: without limit. Calls without streams have it from the channel.</param>
internal sealed class ServiceCall(
    RpcChannel channel, MemberCall member, JsonArguments arguments, CallbackArguments callbacks, TimeSpan? timeout)
{
    // Items that arrive together are written together.
    private const int MostBuffered = 64 * 1024;

    private readonly StreamShape? _items = member.Shape.Result as StreamShape;
    private readonly int[] _uploads =
        [.. Enumerable.Range(0, member.Shape.Parameters.Count).Where(i => member.Shape.Parameters[i] is StreamShape)];

    /// <summary>Calls. Items before a failure are printed.</summary>
    /// <exception cref="RpcException">The service threw.</exception>
    /// <exception cref="ToolException">Usage: the arguments do not fit. Timeout.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_items is null && _uploads.Length == 0)
        {
            await PrintAsync(CallAsync(cancellationToken), cancellationToken);
            return;
        }

        using ItemLimit limit = new(timeout, _uploads.Length, cancellationToken);
        RpcUpload[] uploads = Uploads(limit);
        try
        {
            if (_items is null)
            {
                await PrintAsync(CallAsync(uploads, limit.Token), limit.Token);
            }
            else
            {
                await PrintAsync(Stream(_items.Element, uploads, limit.Token), limit);
            }
        }
        catch (OperationCanceledException) when (limit.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.Timeout,
                $"{member.Member.Name} brought {(_items is null ? "no result" : "no further item")} within "
                    + DurationText.Describe(timeout!.Value));
        }
    }

    /// <summary>Prints a result, behind the callbacks that were accepted before it.</summary>
    private async Task PrintAsync(ValueTask<ReadOnlyMemory<byte>> call, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> result = await call;
        await channel.CallbacksExecutedAsync(cancellationToken);
        if (!result.IsEmpty)
        {
            StandardOutput.Write([.. result.Span, (byte)'\n']);
        }
    }

    // Leaving the loop, as when the reader of the output has gone, ends the producer.
    private static async Task PrintAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> items, ItemLimit limit)
    {
        ArrayBufferWriter<byte> lines = new();
        await using IAsyncEnumerator<ReadOnlyMemory<byte>> item = items.GetAsyncEnumerator();
        try
        {
            while (true)
            {
                ValueTask<bool> step = item.MoveNextAsync();
                if (!step.IsCompleted || lines.WrittenCount > MostBuffered)
                {
                    Flush(lines, limit);
                }

                if (!await step)
                {
                    return;
                }

                limit.Restart();
                lines.Write(item.Current.Span);
                lines.Write("\n"u8);
            }
        }
        finally
        {
            Flush(lines, limit);
        }
    }

    private static void Flush(ArrayBufferWriter<byte> lines, ItemLimit limit)
    {
        if (lines.WrittenCount > 0)
        {
            ReadOnlySpan<byte> written = lines.WrittenSpan;
            lines.ResetWrittenCount();
            limit.Pause();
            StandardOutput.Write(written);
            limit.Restart();
        }
    }

    private RpcUpload[] Uploads(ItemLimit limit)
    {
        int[] fromInput = [.. _uploads.Where(i => StreamArgument.IsInput(arguments.At(i)))];
        if (fromInput.Length > 1)
        {
            throw ToolException.Usage(
                $"only one of the streams {string.Join(" and ", fromInput.Select(member.NameOf))} can be read from stdin: "
                    + $"pass arrays for the others. {member.Member.Declaration}");
        }

        return
        [
            .. _uploads.Select(i =>
            {
                StreamArgument stream = new(((StreamShape)member.Shape.Parameters[i]).Element, limit.EndUpload);
                return fromInput is [var input] && input == i
                    ? stream.OfInput()
                    : stream.OfArray(member, i, arguments.At(i)!.Value);
            }),
        ];
    }

    private ValueTask<ReadOnlyMemory<byte>> CallAsync(CancellationToken cancellationToken)
    {
        RpcWriter call = channel.Begin(member.Number, stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Write(ref call);
            return channel.CallAsync(member.Number, ref call, Read, cancellationToken);
        }
        finally
        {
            call.Dispose();
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> CallAsync(RpcUpload[] uploads, CancellationToken cancellationToken)
    {
        RpcWriter call = channel.BeginStreams(member.Number, stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Write(ref call);
            return channel.CallAsync(member.Number, ref call, Read, cancellationToken, uploads);
        }
        finally
        {
            call.Dispose();
        }
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> Stream(Shape element, RpcUpload[] uploads, CancellationToken cancellationToken)
    {
        RpcWriter call = channel.BeginStreams(member.Number, stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Write(ref call);
            return channel.Stream(
                member.Number, ref call, (ref RpcReader reader) => WireToJson.Read(ref reader, element), cancellationToken, uploads);
        }
        finally
        {
            call.Dispose();
        }
    }

    private void Write(ref RpcWriter call)
    {
        for (int i = 0; i < member.Shape.Parameters.Count; i++)
        {
            switch (member.Shape.Parameters[i])
            {
                case StreamShape:
                    break;
                case CallbackShape or OptionalShape { Inner: CallbackShape }:
                    callbacks.Write(ref call, channel, i);
                    break;
                default:
                    arguments.Write(ref call, i);
                    break;
            }
        }
    }

    private ReadOnlyMemory<byte> Read(ref RpcReader reader) =>
        member.Shape.Result is { } result ? WireToJson.Read(ref reader, result) : default;
}
