using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Loads a contract: of a live service, by name or address, or a saved description.</summary>
internal static class ContractSource
{
    private const int MostBytes = 64 << 20;

    /// <summary>Loads it. A text with a slash, or .json at its end, is a file, unless it is an address.</summary>
    /// <exception cref="ToolException">The file is none, or holds no description.</exception>
    public static async ValueTask<RpcDescription> LoadAsync(string source, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        bool isAddress = source.Contains("://", StringComparison.Ordinal);
        if (!isAddress && (source.Contains('/') || source.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
        {
            return Read(source);
        }

        try
        {
            await using RpcConnection connection = await ServiceConnection.OpenAsync(source, TimeSpan.Zero, timeout, cancellationToken);
            return connection.Description;
        }
        catch (FairleadException missing) when (missing.Code == ErrorCode.NotFound && !isAddress && File.Exists(source))
        {
            throw new ToolException(ExitCode.NotFound, $"{missing.Message} If the file of that name is meant, write ./{source}");
        }
    }

    private static RpcDescription Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
        {
            throw ToolException.Usage($"{path} is not a saved description: it is too large");
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            ContractLine saved = JsonSerializer.Deserialize(file, OutputJson.Readable.ContractLine)
                ?? throw new JsonException("it is null");
            bool isWhole = saved is { Name.Length: > 0, Members: not null }
                && (saved.Types?.All(static type => type is not null) ?? true)
                && saved.Members.All(static member => member is { Name: not null, Declaration: not null, Shape: not null });
            return isWhole
                ? saved.ToDescription()
                : throw new JsonException("a name, a declaration or a shape is missing");
        }
        catch (Exception wrong) when (wrong is JsonException or ArgumentException)
        {
            throw ToolException.Usage($"{path} is not a saved description, as fairlead describe --output json writes it: {wrong.Message}");
        }
    }
}
