using System.Xml.Linq;
using Fairlead.NamedHandles.Tests.Generator;

namespace Fairlead.NamedHandles.Tests.Build;

/// <summary>Projects that ask for a language of their own.</summary>
[SlowRun]
public sealed class LanguageTests
{
    private const string Id = "FLN009";

    private static readonly string[] TooOld = ["ISO-2", "7.3", "9", "10", "10.0"];

    [Fact]
    public async Task A_language_version_that_is_too_old_is_an_error_with_its_remedy()
    {
        DirectoryInfo place = Directory.CreateTempSubdirectory("fl-language-");
        try
        {
            foreach (string language in (string[])[.. TooOld, "11", "11.0", "14.0", "latest", "preview", "default", ""])
            {
                await WriteAsync(place, $"language-{language}.csproj", $"<LangVersion>{language}</LangVersion>");
            }

            await WriteAsync(
                place, "off.csproj", "<LangVersion>9</LangVersion><UseFairleadNamedHandles>false</UseFairleadNamedHandles>");

            string[] errors = await CheckAsync(place);

            Assert.Equal(TooOld.Select(static language => $"language-{language}.csproj").Order(), errors.Select(ProjectIn).Order());
            Assert.All(errors, static error => Assert.Contains($"{Id}: Fairlead.NamedHandles needs C# 11 or later", error));
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_error_has_a_page()
    {
        XElement error = Assert.Single(XDocument.Load(BuildFiles.PathOf("targets")).Descendants("Error"));

        Assert.Equal((Id, BuildFiles.HelpOf(Id)), (error.Attribute("Code")!.Value, error.Attribute("HelpLink")!.Value));
        Assert.StartsWith($"# {Id}: ", BuildFiles.PageOf(Id), StringComparison.Ordinal);
    }

    private static Task WriteAsync(DirectoryInfo place, string file, string properties) =>
        File.WriteAllTextAsync(Path.Combine(place.FullName, file), $"""
            <Project>
              <Import Project="{BuildFiles.PathOf("props")}" />
              <PropertyGroup><Language>C#</Language>{properties}</PropertyGroup>
              <Import Project="{BuildFiles.PathOf("targets")}" />
            </Project>
            """);

    private static async Task<string[]> CheckAsync(DirectoryInfo place)
    {
        (_, string output) = await MsBuild.RunAsync(place, """
            <Project>
              <ItemGroup><One Include="*.csproj" /></ItemGroup>
              <Target Name="All">
                <MSBuild Projects="%(One.Identity)" Targets="CheckFairleadLanguage" ContinueOnError="true" />
              </Target>
            </Project>
            """);
        return
        [
            .. output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(static line => line.Contains(Id, StringComparison.Ordinal))
                .Distinct(),
        ];
    }

    // The line ends with the project in brackets.
    private static string ProjectIn(string error) => Path.GetFileName(error.Trim().TrimEnd(']'));
}
