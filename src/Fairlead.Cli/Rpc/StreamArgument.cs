using System.Runtime.CompilerServices;
using System.Text.Json;
using Fairlead.Cli.Input;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>An argument that is a stream: the items of an array in the JSON, or the lines of stdin, each a JSON value.</summary>
/// <remarks>A line is read when the call wants it, and forgotten when it has been marshalled.</remarks>
/// <param name="element">The shape of an item.</param>
/// <param name="ended">Called behind the last item.</param>
internal sealed class StreamArgument(Shape element, Action ended)
{
    private const int MostBytes = 64 << 20;

    /// <summary>Whether an argument means stdin: it is missing, or "-".</summary>
    public static bool IsInput(JsonElement? argument) =>
        argument is null || (argument is { ValueKind: JsonValueKind.String } text && text.ValueEquals("-"u8));

    /// <summary>Takes the items from an array. Each is checked before this returns.</summary>
    /// <exception cref="ToolException">Usage: it is not an array, or an item does not fit.</exception>
    public RpcUpload OfArray(MemberCall member, int parameter, JsonElement array)
    {
        JsonToWire values = new();
        values.Path.Enter(member, parameter);
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw ToolException.Usage($"{values.Path}: {JsonToWire.Cut(array)} is not an array of items, nor \"-\" for stdin");
        }

        RpcWriter check = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            int at = 0;
            foreach (JsonElement item in array.EnumerateArray())
            {
                values.WriteAt(ref check, element, item, at++);
            }
        }
        finally
        {
            check.Dispose();
        }

        return RpcUpload.Of(ItemsAsync(array, ended), (ref RpcWriter writer, JsonElement item) => values.Write(ref writer, element, item));
    }

    /// <summary>Takes the items from stdin.</summary>
    /// <exception cref="ToolException">Stdin is closed.</exception>
    public RpcUpload OfInput()
    {
        LineReader input = new(MostBytes);
        JsonToWire values = new();
        return RpcUpload.Of(LinesAsync(input), (ref RpcWriter writer, JsonElement item) =>
        {
            try
            {
                values.Write(ref writer, element, item);
            }
            catch (ToolException wrong)
            {
                throw ToolException.Usage($"line {input.Count} of stdin, {wrong.Message}");
            }
        });
    }

    /// <summary>The items of an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="ended">Called behind the last item.</param>
    public static async IAsyncEnumerable<JsonElement> ItemsAsync(JsonElement array, Action? ended)
    {
        await Task.CompletedTask;
        foreach (JsonElement item in array.EnumerateArray())
        {
            yield return item;
        }

        ended?.Invoke();
    }

    // The item is marshalled before the next is asked for.
    private async IAsyncEnumerable<JsonElement> LinesAsync(
        LineReader input, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await input.ReadAsync(cancellationToken) is { } line)
        {
            if (!IsBlank(line.Span))
            {
                using JsonDocument document = JsonArguments.ParseLine(line, input.Count);
                yield return document.RootElement;
            }
        }

        ended();
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => !line.ContainsAnyExcept(" \t\r"u8);
}
