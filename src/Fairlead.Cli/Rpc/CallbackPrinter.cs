using System.Buffers;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>An object that a service calls back: it prints each call, and answers what it was told to.</summary>
/// <remarks>The calls come one after the other.</remarks>
/// <param name="name">The parameter for which it stands.</param>
/// <param name="shape">Its members.</param>
/// <param name="answers">The result of each member; null: none is known.</param>
/// <param name="fail">Gets an exception that concerns the tool, and not the service.</param>
internal sealed class CallbackPrinter(string name, CallbackShape shape, JsonElement?[] answers, Action<Exception> fail) : RpcSkeleton
{
    /// <inheritdoc/>
    public override ValueTask InvokeAsync(int member, RpcInvocation invocation)
    {
        CallbackMember called = shape.Members[member];
        try
        {
            StandardOutput.Write(Line(called, invocation.Arguments));
            return Answer(called, answers[member], invocation);
        }
        catch (Exception failure) when (failure is OutputClosedException or ToolException)
        {
            fail(failure);
            throw;
        }
    }

    // {"callback":"observer","member":"Arrived","arguments":[1,"a"]}
    private byte[] Line(CallbackMember called, RpcReader arguments)
    {
        ArrayBufferWriter<byte> line = new();
        using Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = OutputJson.Readable.Options.Encoder });
        json.WriteStartObject();
        json.WriteString("callback", name);
        json.WriteString("member", called.Name);
        json.WriteStartArray("arguments");
        foreach (Shape parameter in called.Shape.Parameters)
        {
            if (parameter is StreamShape)
            {
                // Its items are not read.
                json.WriteNullValue();
            }
            else
            {
                json.WriteRawValue(WireToJson.Read(ref arguments, parameter).Span, skipInputValidation: true);
            }
        }

        arguments.End();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    private ValueTask Answer(CallbackMember called, JsonElement? answer, RpcInvocation invocation)
    {
        if (called.Shape.Result is StreamShape stream && answer is { } items)
        {
            JsonToWire values = new();
            return invocation.StreamAsync(
                StreamArgument.ItemsAsync(items, ended: null),
                (ref RpcWriter writer, JsonElement item) => values.Write(ref writer, stream.Element, item));
        }

        RpcWriter reply = RpcInvocation.BeginReply(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            if (called.Shape.Result is { } result)
            {
                new JsonToWire().Write(ref reply, result, answer ?? throw NoAnswer(called));
            }

            invocation.Reply(ref reply);
            return default;
        }
        finally
        {
            reply.Dispose();
        }
    }

    private RpcException NoAnswer(CallbackMember called) => new(
        0, $"fairlead call has no answer to {called.Name}: pass one in its arguments, {{\"{name}\":{{\"{called.Name}\":…}}}}");
}
