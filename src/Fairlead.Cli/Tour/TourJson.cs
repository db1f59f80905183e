using System.Text.Json.Serialization;

namespace Fairlead.Cli.Tour;

/// <summary>The JSON between parent and workers of a tour.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(News))]
internal sealed partial class TourJson : JsonSerializerContext;
