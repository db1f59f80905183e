// As in the packages of OpenTelemetry, the methods stand beside the types that they extend.
namespace OpenTelemetry.Trace
{
    /// <summary>Lets OpenTelemetry take the spans of Fairlead.</summary>
    public static class FairleadTracerProviderBuilderExtensions
    {
        /// <summary>
        /// Takes the spans of messages, requests and remote procedure calls. The spans of calls are named by contract and member.
        /// </summary>
        /// <param name="builder">The tracing of the process.</param>
        public static TracerProviderBuilder AddFairleadInstrumentation(this TracerProviderBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.AddSource("Fairlead");
        }
    }
}

namespace OpenTelemetry.Metrics
{
    /// <summary>Lets OpenTelemetry take the metrics of Fairlead.</summary>
    public static class FairleadMeterProviderBuilderExtensions
    {
        /// <summary>Takes the counters of all endpoints, and the durations of messages, requests and remote procedure calls.</summary>
        /// <param name="builder">The metrics of the process.</param>
        public static MeterProviderBuilder AddFairleadInstrumentation(this MeterProviderBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.AddMeter("Fairlead");
        }
    }
}
