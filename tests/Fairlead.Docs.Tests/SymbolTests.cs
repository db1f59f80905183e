using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests;

/// <summary>Checks what the assembly and its symbols tell a debugger: the sources by their place in the repository.</summary>
public sealed class SymbolTests
{
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

#if DEBUG
    private static string Beginning => $"{Repository.Root}/";
#else
    private static string Beginning => "/_/";
#endif

    [Fact]
    public void Every_source_file_is_in_the_repository_or_embedded_in_the_symbols()
    {
        using MetadataReaderProvider symbols = Symbols();
        MetadataReader reader = symbols.GetMetadataReader();
        foreach (DocumentHandle handle in reader.Documents)
        {
            string path = reader.GetString(reader.GetDocument(handle).Name);
            bool isEmbedded = Has(reader, handle, EmbeddedSource);

            Assert.StartsWith(Beginning, path, StringComparison.Ordinal);
            Assert.True(isEmbedded || File.Exists(Path.Combine(Repository.Root, path[Beginning.Length..])), $"{path} is nowhere");
        }
    }

    [Fact]
    public void Source_links_map_every_path_to_a_commit_of_the_repository()
    {
        using MetadataReaderProvider symbols = Symbols();
        MetadataReader reader = symbols.GetMetadataReader();
        if (!Path.Exists(Path.Combine(Repository.Root, ".git")))
        {
            Assert.All(reader.Documents, document => Assert.True(Has(reader, document, EmbeddedSource)));
            return;
        }

        CustomDebugInformation link = reader.GetCustomDebugInformation(EntityHandle.ModuleDefinition)
            .Select(reader.GetCustomDebugInformation)
            .Single(information => reader.GetGuid(information.Kind) == SourceLink);
        string text = Encoding.UTF8.GetString(reader.GetBlobBytes(link.Value));
        Assert.Matches($@"""{Regex.Escape(Beginning)}\*"":""https://[^""]+/[0-9a-f]{{40}}/\*""", text);
    }

    [Fact]
    public void The_path_of_the_symbols_has_the_same_prefix_as_the_sources()
    {
        using PEReader assembly = new(File.OpenRead(typeof(Sender).Assembly.Location));
        ImmutableArray<DebugDirectoryEntry> entries = assembly.ReadDebugDirectory();
        DebugDirectoryEntry symbols = entries.Single(static entry => entry.Type == DebugDirectoryEntryType.CodeView);
        string path = assembly.ReadCodeViewDebugDirectoryData(symbols).Path;

        Assert.StartsWith(Beginning, path, StringComparison.Ordinal);
    }

    private static MetadataReaderProvider Symbols() =>
        MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(typeof(Sender).Assembly.Location, ".pdb")));

    private static bool Has(MetadataReader reader, EntityHandle of, Guid kind) =>
        reader.GetCustomDebugInformation(of).Any(handle => reader.GetGuid(reader.GetCustomDebugInformation(handle).Kind) == kind);
}
